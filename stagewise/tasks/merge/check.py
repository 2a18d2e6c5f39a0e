"""What declares tables must name ones that exist: checked before any work."""

from __future__ import annotations

from analysis.tables.catalogue import CatalogueError, check_reads
from figures import scripts
from stagewise.tasks.base import TaskError
from stagewise.tasks.merge.evidence import read_by


def check_declarations() -> None:
    """Raise TaskError, naming who reads it, if a figure or a claim reads a table that is not
    declared."""
    try:
        for script in scripts().values():
            check_reads(f"figure {script.name} ({script.module})", script.room, script.reads)
        for room in ("toy", "theory", "language"):
            read_by(room)
    except CatalogueError as error:
        raise TaskError(str(error)) from error
