"""What a figure lacks, and the commands that make it."""

from __future__ import annotations

from pathlib import Path

from figures import scripts
from stagewise.cli.options import Given
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.recorded import KEPT, choose
from stagewise.provenance.store import TableError, read_table
from stagewise.tasks.base import Task, TaskError, tasks
from stagewise.tasks.merge.figures import whole


def check_figure(given: Given, figure: str, model: str | None) -> None:
    """Check the tables of a figure before it is drawn.

    Args:
        figure: a known one; model: of which it is, where it shows a language model.

    Raises:
        TaskError: tables are missing; names each with the commands that make it.
        CatalogueError: a table lacks a column, or has NaN where none may stand; names both.
    """
    config, paths = given.config, given.paths
    missing = [path for path in tables(config, paths, figure, model) if not path.is_file()]
    if missing:
        lines = [f"figure {figure!r} needs what is not there yet:"]
        for path in missing:
            lines += [f"  {path}", *(f"    made by: {how}" for how in makers(given, path))]
        raise TaskError("\n".join(lines))
    for path in tables(config, paths, figure, model):
        paths.table_of(path).check(read_table(path))


def tables(config: Config, paths: Paths, figure: str, model: str | None) -> list[Path]:
    """The tables of this run that a figure draws; without those that recorded ones stand for."""
    script = scripts()[figure]
    if script.room != "language":
        return [path for path in whole(paths, figure) if path.is_relative_to(paths.root)]
    if model not in config.language.models:
        return []
    found = [paths.language(model).table(name, config.seed) for name in script.reads]
    kept = set(script.reads) <= set(KEPT)
    return [path for path in found if not (kept and _stood_for(config, model, path))]


def _stood_for(config: Config, model: str, path: Path) -> bool:
    """Is a table that is missing here replaced by the recorded one?"""
    if path.is_file():
        return False
    try:
        choose(config, model, path)
    except TableError:
        return False
    return True


def makers(given: Given, path: Path) -> list[str]:
    """The commands that make a file, all that it needs included; none where no task writes it."""
    by = task_of(given, path)
    if by is None:
        return []
    return [given.snakemake(str(path)), given.stagewise("run", by.name)]


def task_of(given: Given, path: Path) -> Task | None:
    """The task that writes a file."""
    for task in tasks().values():
        for wildcards in task.jobs(given.config):
            if path in task.writes(task.job(given.config, given.paths, **wildcards)):
                return task
    return None
