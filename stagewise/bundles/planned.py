"""Jobs with their files, in the order in which they need one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stagewise.registry import Job, Task, TaskError


@dataclass(frozen=True)
class Planned:
    """A job with its task and its files."""

    task: Task
    job: Job
    reads: tuple[Path, ...]
    writes: tuple[Path, ...]

    @classmethod
    def of(cls, task: Task, job: Job) -> Planned:
        """The job of a task."""
        return cls(task, job, tuple(task.reads(job)), tuple(task.writes(job)))

    @property
    def name(self) -> str:
        """Task and wildcards."""
        return "_".join([self.task.name, *map(str, self.job.wildcards.values())])

    @property
    def stamp(self) -> Path:
        """File of its stamp."""
        return self.job.paths.root / ".tasks" / f"{self.name}.json"

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules whose sources, with all they import, are its code."""
        return self.task.modules(self.job)


def in_order(jobs: Iterable[Planned]) -> list[Planned]:
    """Jobs, each after those among them whose files it reads.

    Raises:
        TaskError: jobs wait for one another in a circle; names them.
    """
    waiting = list(jobs)
    made_by = {path: each for each in waiting for path in each.writes}
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
