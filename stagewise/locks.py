"""Snakemake's locks survive a kill; these helpers tell a dead run's locks from a live one's."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


def clear_stale_locks(folder: str | Path) -> IO[str] | None:
    """Remove the lock files of a killed Snakemake run; keep those of one that still runs.

    A run holds a lock of the operating system on `<folder>/alive` for as long as it lives. Who
    gets it knows that every lock file there is stale.

    Returns:
        The open file that holds the lock (keep it until the run ends), or None if another run is
        alive, in which case nothing is touched and Snakemake's own locks decide.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    alive = open(folder / "alive", "w")  # noqa: SIM115 - held open on purpose
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        alive.close()
        return None
    for lock in (folder / "locks").glob("*.lock"):
        lock.unlink(missing_ok=True)
    return alive
