"""After a part of the pipeline was asked for alone: merge the claims and events that are there.

The merged files of a whole run are made by its rules; these stand in where only a part was asked
for, and are made anew by the rules as soon as another part is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.tasks.base import perform, task_named


def merge_present(config: Config, paths: Paths) -> None:
    """Write events.parquet and claims.json from the parts that are there, where these are newer."""
    for name in ("merge_events", "merge_claims"):
        merged = task_named(name)
        job = merged.job(config, paths)
        there = [path for path in merged.reads(job) if path.is_file()]
        if there and newest(there) > oldest(merged.writes(job)):
            perform(name, config, paths)


def newest(files: Iterable[Path]) -> float:
    """Time of the last change of any."""
    return max(path.stat().st_mtime for path in files)


def oldest(files: Iterable[Path]) -> float:
    """Time of the first change of any; 0 where one is missing."""
    return min(path.stat().st_mtime if path.is_file() else 0.0 for path in files)
