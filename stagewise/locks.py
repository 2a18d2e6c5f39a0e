"""Snakemake's locks survive a kill; this helper tells a dead run's locks from a live one's."""

from __future__ import annotations

from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout


def clear_stale_locks(folder: str | Path) -> BaseFileLock | None:
    """Remove the lock files of a killed Snakemake run; keep those of one that still runs.

    A run holds a lock of the operating system on `<folder>/alive` for as long as it lives. Who
    gets it knows that every lock file there is stale.

    Returns:
        The lock that is held (keep it until the run ends), or None if another run is alive, in
        which case nothing is touched and Snakemake's own locks decide.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    alive = FileLock(folder / "alive")
    try:
        alive.acquire(blocking=False)
    except Timeout:
        return None
    for stale in (folder / "locks").glob("*.lock"):
        stale.unlink(missing_ok=True)
    return alive
