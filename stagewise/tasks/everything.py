"""The pipeline in one process: for machines without Snakemake, and for tests.

Jobs run in the order in which they need one another. A job is left out where its files are there
and were made from the same inputs, settings and code: see `stamps`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from stagewise.bundles import stamps
from stagewise.bundles.bundle import bundles
from stagewise.bundles.planned import Planned, in_order
from stagewise.config import Config
from stagewise.paths import Paths
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


def plan(config: Config, paths: Paths, wanted: Callable[[Task, Job], bool]) -> list[Planned]:
    """All wanted jobs and those they need, each after those whose files it reads.

    Raises:
        TaskError: jobs wait for one another in a circle; names them.
    """
    every = [
        Planned.of(task, task.job(config, paths, **wildcards))
        for task in tasks().values()
        for wildcards in task.jobs(config)
    ]
    made_by = {path: each for each in every for path in each.writes}
    needed: dict[str, Planned] = {}
    asked = [each for each in every if wanted(each.task, each.job)]
    while asked:
        each = asked.pop()
        if each.name not in needed:
            needed[each.name] = each
            asked += [made_by[path] for path in each.reads if path in made_by]
    return in_order(each for each in every if each.name in needed)


def run_part(
    config: Config, paths: Paths, part: str, *, leave_out: tuple[str, ...] = (), **how: Any
) -> None:
    """Run a part of the pipeline, or one task's jobs, without Snakemake.

    Args:
        config: what to run; paths: where results lie.
        part: of `PARTS`, a task, or a rule that does several.
        leave_out: beginnings of names of tasks not asked for; they run where others need them.
        how: threads, device.

    Raises:
        TaskError: there is no such part or task, or something names a table that is not declared.
    """
    check_declarations(config, paths)
    together = {name: tuple(bundle.members) for name, bundle in bundles().items()}
    known = PARTS | together | {name: (name,) for name in tasks()}
    if part not in known:
        raise TaskError(f"part {part!r}: choose one of {', '.join(known)}")
    names = known[part]

    def wanted(task: Task, job: Job) -> bool:
        return task.name.startswith(names) and not task.name.startswith(leave_out)

    run_jobs(plan(config, paths, wanted), **how)


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

    run_jobs(plan(config, paths, wanted), **how)


def run_jobs(chosen: Iterable[Planned], *, anew: bool = False, **how: Any) -> None:
    """Do jobs whose files are missing or stale.

    Args:
        chosen: each after those whose files it reads.
        anew: do all of them.
        how: threads, device and progress.
    """
    for each in chosen:
        if not anew and stamps.is_made(each):
            continue
        logger.info("%s", each.name)
        begun = time.monotonic()
        each.task.run(replace(each.job, **how))
        stamps.write(each, time.monotonic() - begun)
