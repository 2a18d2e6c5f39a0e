"""What a task of the pipeline is, and how one is found: a function under `@task`.

A task is a function of one job, decorated with what it reads, what it writes and which settings
change its result; it lies in a file below stagewise/tasks and registers itself. The rule of the
same name calls it by a plain command; `stagewise.tasks.everything` walks all of them in one
process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from models.storage.declarations import modules_of
from stagewise.config import Config
from stagewise.paths import Paths

ROOMS = ("toy", "theory", "language", "merge")
# The parts of the pipeline, by the beginnings of the names of what they ask for (what that needs is
# added): the targets of the Snakefile and what `stagewise run` takes.
PARTS: dict[str, tuple[str, ...]] = {
    "all": ("",),
    "toy": ("toy", "claims_toy"),
    "theory": ("theory", "claims_theory"),
    "language": ("language", "claims_language", "draw_language", "draw_across"),
    "figures": ("draw",),
    "claims": ("merge_claims",),
}


class TaskError(ValueError):
    """No such task, or two of one name."""


@dataclass(frozen=True)
class Job:
    """One run of a task.

    Attributes:
        config, paths: of the run.
        wildcards: those of its task: seed, model, class_name, step, variant, corpus, table, ...
        threads: CPU threads it may use; device: where torch computes.
        progress: called with the number of steps just done (training or sampling).
    """

    config: Config
    paths: Paths
    wildcards: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    device: str = "cpu"
    progress: Callable[[int], None] | None = None

    def __getattr__(self, name: str) -> Any:
        try:
            return self.wildcards[name]
        except KeyError:
            known = ", ".join(self.wildcards) or "none"
            raise AttributeError(f"this job has no {name}: its wildcards are {known}") from None

    def advance(self, steps: int) -> None:
        """Tell the progress bar, if there is one."""
        if self.progress is not None:
            self.progress(steps)


Found = Callable[[Job], Iterable[Path]]


@dataclass(frozen=True)
class Task:
    """A stage of the pipeline.

    Attributes:
        name: of the task and its rule.
        run: does one job.
        wildcards: what tells its jobs apart.
        jobs: the wildcards of all jobs that a configuration asks for.
        reads, writes: files of a job.
        settings: what else its result depends on, as plain values; a change reruns it.
        total: steps that `run` reports to the progress bar.
        module: where it is defined; its sources and all they import are its code.
        uses: further modules that are its code, found by discovery and not imported by name.
        own: the same, of one job alone.
    """

    name: str
    run: Callable[[Job], None]
    wildcards: tuple[str, ...]
    jobs: Callable[[Config], list[dict[str, Any]]]
    reads: Found
    writes: Found
    settings: Callable[[Job], Any]
    total: Callable[[Job], int]
    module: str
    uses: Callable[[], Iterable[str]]
    own: Callable[[Job], Iterable[str]]

    def job(self, config: Config, paths: Paths, **options: Any) -> Job:
        """A job of this task; `options`: its wildcards, and threads, device, progress."""
        how = {k: options.pop(k) for k in ("threads", "device", "progress") if k in options}
        return Job(config, paths, options, **how)

    def pattern(self, config: Config, paths: Paths) -> Job:
        """The job whose wildcards are Snakemake's patterns."""
        return Job(config, paths, {name: f"{{{name}}}" for name in self.wildcards})

    def modules(self, job: Job) -> tuple[str, ...]:
        """Modules whose sources, with all they import, are the code of a job."""
        return (self.module, *self.uses(), *self.own(job))

    def depends_on(self, job: Job) -> str:
        """The settings of a job as text; order counts: it is the order of the items."""
        return json.dumps(self.settings(job), default=str)


TASKS: dict[str, Task] = {}


def task(
    *,
    jobs: Callable[[Config], list[dict[str, Any]]],
    reads: Found,
    writes: Found,
    settings: Callable[[Job], Any] = lambda job: None,
    wildcards: tuple[str, ...] = (),
    total: Callable[[Job], int] = lambda job: 0,
    uses: Callable[[], Iterable[str]] = tuple,
    own: Callable[[Job], Iterable[str]] = lambda job: (),
) -> Callable[[Callable[[Job], None]], Callable[[Job], None]]:
    """Make a task of a function, under the function's name; see `Task`."""

    def register(run: Callable[[Job], None]) -> Callable[[Job], None]:
        name = run.__name__
        if name in TASKS and TASKS[name].module != run.__module__:
            raise TaskError(f"two tasks are called {name}: {TASKS[name].module}, {run.__module__}")
        TASKS[name] = Task(
            name, run, wildcards, jobs, reads, writes, settings, total, run.__module__, uses, own
        )
        return run

    return register


@cache
def tasks() -> dict[str, Task]:
    """All tasks by name, from every module of the packages of stagewise/tasks."""
    for room in ROOMS:
        for module in modules_of(f"stagewise.tasks.{room}"):
            import_module(module)
    return TASKS


def task_named(name: str) -> Task:
    """A task.

    Raises:
        TaskError: there is none such.
    """
    try:
        return tasks()[name]
    except KeyError:
        raise TaskError(f"no task {name!r}: choose one of {', '.join(tasks())}") from None
