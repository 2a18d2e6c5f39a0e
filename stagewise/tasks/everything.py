"""The pipeline in one process: for machines without Snakemake, and for tests.

Jobs run in the order in which they need one another. A job is left out where its files are there
and were made from the same inputs, settings and code.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.storage.files import whole_file
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.code import source_files
from stagewise.root import ROOT
from stagewise.tasks.base import PARTS, Job, Task, TaskError, tasks
from stagewise.tasks.merge.check import check_declarations

logger = logging.getLogger(__name__)


def part_files(config: Config, paths: Paths, part: str) -> list[Path]:
    """What the jobs that a part asks for write."""
    return [
        path
        for task in tasks().values()
        if task.name.startswith(PARTS[part])
        for wildcards in task.jobs(config)
        for path in task.writes(task.job(config, paths, **wildcards))
    ]


@dataclass(frozen=True)
class Planned:
    """A job of the plan."""

    task: Task
    job: Job
    reads: tuple[Path, ...]
    writes: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Task and wildcards."""
        return "_".join([self.task.name, *map(str, self.job.wildcards.values())])


def plan(config: Config, paths: Paths, wanted: Callable[[Task, Job], bool]) -> list[Planned]:
    """All wanted jobs and those they need, each after those whose files it reads.

    Raises:
        TaskError: jobs wait for one another in a circle; names them.
    """
    every = []
    for task in tasks().values():
        for wildcards in task.jobs(config):
            job = task.job(config, paths, **wildcards)
            every.append(Planned(task, job, tuple(task.reads(job)), tuple(task.writes(job))))
    made_by = {path: each for each in every for path in each.writes}
    needed: dict[str, Planned] = {}
    asked = [each for each in every if wanted(each.task, each.job)]
    while asked:
        each = asked.pop()
        if each.name not in needed:
            needed[each.name] = each
            asked += [made_by[path] for path in each.reads if path in made_by]
    waiting = [each for each in every if each.name in needed]
    ordered: dict[str, Planned] = {}
    while waiting:
        ready = [
            each
            for each in waiting
            if all(made_by[path].name in ordered for path in each.reads if path in made_by)
        ]
        if not ready:
            raise TaskError(f"in a circle: {', '.join(each.name for each in waiting)}")
        ordered |= {each.name: each for each in ready}
        waiting = [each for each in waiting if each.name not in ordered]
    return [*ordered.values()]


def run_part(
    config: Config, paths: Paths, part: str, *, leave_out: tuple[str, ...] = (), **how: Any
) -> None:
    """Run a part of the pipeline, or one task's jobs, without Snakemake.

    Args:
        config: what to run; paths: where results lie.
        part: of `PARTS`, or a task.
        leave_out: beginnings of names of tasks not asked for; they run where others need them.
        how: threads, device.

    Raises:
        TaskError: there is no such part or task, or something names a table that is not declared.
    """
    check_declarations(config, paths)
    known = (*PARTS, *tasks())
    if part not in known:
        raise TaskError(f"part {part!r}: choose one of {', '.join(known)}")
    names = PARTS.get(part, (part,))

    def wanted(task: Task, job: Job) -> bool:
        return task.name.startswith(names) and not task.name.startswith(leave_out)

    chosen = plan(config, paths, wanted)
    _run(chosen, paths, **how)


def run_model(config: Config, paths: Paths, model: str, **how: Any) -> None:
    """Run every stage of one language model; a killed call goes on where it stopped.

    Args:
        how: threads, device and progress.

    Raises:
        TaskError: something names a table that is not declared.
    """
    check_declarations(config, paths)
    from stagewise.benchmarks.cost import estimates

    for line in estimates(config, how.get("device", "cpu"), [model]):  # before anything is fetched
        logger.info(line)
    corpus = config.language.models[model].corpus

    def wanted(task: Task, job: Job) -> bool:
        if not task.name.startswith("language"):
            return False
        named = job.wildcards.get("model"), job.wildcards.get("corpus")
        return named[0] == model or (corpus is not None and named[1] == corpus)

    _run(plan(config, paths, wanted), paths, **how)


def _run(chosen: Iterable[Planned], paths: Paths, **how: Any) -> None:
    code: dict[str, str] = {}
    for each in chosen:
        key = _key(each, code)
        stamp = paths.root / ".tasks" / f"{each.name}.json"
        if all(path.exists() for path in each.writes) and _read(stamp) == key:
            continue
        logger.info("%s", each.name)
        each.task.run(replace(each.job, **how))
        with whole_file(stamp) as temporary:
            temporary.write_text(json.dumps(_key(each, code)), encoding="utf-8")


def _key(each: Planned, code: dict[str, str]) -> str:
    """Digest of what a job's result depends on: code, settings, and its inputs' times and sizes."""
    if each.task.name not in code:
        digest = hashlib.sha256()
        for path in source_files(each.task.module, *each.task.uses()):
            digest.update((ROOT / path).read_bytes())
        code[each.task.name] = digest.hexdigest()
    states = [
        (str(path), path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else str(path)
        for path in each.reads
    ]
    content = [code[each.task.name], each.task.depends_on(each.job), states]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _read(stamp: Path) -> str | None:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
