"""Rules that do many short jobs in one process, for to start one takes longer than to do it.

A bundle is declared in a package of stagewise/tasks, beside the tasks whose jobs are its members,
and has the face of a task, so that its rule is written like any other. It makes those whose files
are missing or stale (see `stamps`) and leaves the others as they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagewise.bundles.planned import Planned, in_order
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.registry import Job, Task, task_named, tasks

Only = Mapping[str, Collection[str]]  # wildcard -> the values that are members; none: all


@dataclass(frozen=True)
class Bundle:
    """Jobs that one rule does together.

    Attributes:
        name: of the rule.
        members: tasks, with the values of their wildcards that belong here.
        wildcards: what tells the bundle's own jobs apart.
    """

    name: str
    members: Mapping[str, Only]
    wildcards: tuple[str, ...] = ()

    def jobs(self, config: Config) -> list[dict[str, Any]]:
        """The wildcards of all jobs that a configuration asks for."""
        found = [{key: one[key] for key in self.wildcards} for _, one in self._chosen(config)]
        return [*{json.dumps(one): one for one in found}.values()]

    def planned(self, job: Job) -> list[Planned]:
        """Its members, each after those whose files it reads."""
        found = [
            Planned.of(task, task.job(job.config, job.paths, **one))
            for task, one in self._chosen(job.config)
            if job.wildcards.items() <= one.items()
        ]
        return in_order(found)

    def job(self, config: Config, paths: Paths, **wildcards: Any) -> Job:
        """One of its jobs."""
        return Job(config, paths, wildcards)

    def pattern(self, config: Config, paths: Paths) -> Job:
        """Its only job: bundles whose jobs wildcards tell apart have a rule for each."""
        return self.job(config, paths)

    def reads(self, job: Job) -> list[Path]:
        """What its members read and none of them writes."""
        made = set(self.writes(job))
        read = dict.fromkeys(path for each in self.planned(job) for path in each.reads)
        return [path for path in read if path not in made]

    def writes(self, job: Job) -> list[Path]:
        """Files of all members."""
        return [path for each in self.planned(job) for path in each.writes]

    def depends_on(self, job: Job) -> str:
        """The settings of its members as text."""
        return json.dumps({each.name: each.task.depends_on(each.job) for each in self.planned(job)})

    def modules(self, job: Job) -> list[str]:
        """Modules whose sources, with all they import, are its members' code."""
        return [*dict.fromkeys(name for each in self.planned(job) for name in each.modules)]

    def _chosen(self, config: Config) -> Iterator[tuple[Task, dict[str, Any]]]:
        for name, only in self.members.items():
            task = task_named(name)
            for one in task.jobs(config):
                if all(str(one[key]) in values for key, values in only.items()):
                    yield task, one


BUNDLES: dict[str, Bundle] = {}


def bundle(name: str, *wildcards: str, **members: Only) -> None:
    """Declare a bundle.

    Args:
        name: of it and its rule.
        wildcards: what tells its jobs apart.
        members: tasks, with the values of their wildcards that belong here.
    """
    BUNDLES[name] = Bundle(name, members, wildcards)


def bundles() -> dict[str, Bundle]:
    """All bundles by name."""
    tasks()  # imports what declares them
    return BUNDLES


def rules() -> dict[str, Task | Bundle]:
    """What the rules of the workflow do, by their names: bundles, and tasks that are in none."""
    bundled = {name for each in bundles().values() for name in each.members}
    alone = {name: task for name, task in tasks().items() if name not in bundled}
    return {**alone, **bundles()}
