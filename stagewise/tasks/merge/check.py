"""What reads or writes tables must name ones that are declared: checked before any work."""

from __future__ import annotations

from analysis.tables.catalogue import CatalogueError, check_reads
from figures import scripts
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.tasks.base import Job, Task, TaskError, tasks
from stagewise.tasks.merge.evidence import read_by
from stagewise.tasks.merge.explorer_sources import read_by_views


def check_declarations(config: Config, paths: Paths) -> None:
    """Check the tables that figures, claims and explorer read, and those that tasks write.

    Raises:
        TaskError: one is not declared; names it, who reads or writes it, and those that are.
    """
    try:
        for script in scripts().values():
            check_reads(f"figure {script.name} ({script.module})", script.room, script.reads)
        for room in ("toy", "theory", "language"):
            read_by(room)
        read_by_views()
    except CatalogueError as error:
        raise TaskError(str(error)) from error
    for task in tasks().values():
        jobs = (task.job(config, paths, **wildcards) for wildcards in task.jobs(config))
        for job in (task.pattern(config, paths), *jobs):
            _check_writes(task, job)


def _check_writes(task: Task, job: Job) -> None:
    """Is every table that a job writes declared? Snakemake's wildcards name none yet."""
    try:
        for path in task.writes(job):
            if path.suffix == ".parquet" and "{" not in path.stem:
                job.paths.table_of(path)
    except CatalogueError as error:
        raise TaskError(f"task {task.name} ({task.module}) writes a table: {error}") from error
