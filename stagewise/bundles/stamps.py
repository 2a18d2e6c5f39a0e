"""What a finished job was made of, kept beside the results, so that only what is stale is made.

A stamp is a small file in the hidden folder `.tasks` of the results: a digest of the code, settings
and inputs of the job, a digest of each file it wrote, and the seconds it took. Contents are
compared and not times: Snakemake touches whatever a rule wrote.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from models.storage.files import whole_file
from stagewise.bundles.planned import Planned
from stagewise.paths import Paths
from stagewise.provenance.code import source_files
from stagewise.root import ROOT


def key(each: Planned) -> str:
    """Digest of what a job's result depends on: code, settings, and the contents of its inputs."""
    inputs = [(str(path), digest(path)) for path in each.reads]
    content = [_code(*each.modules), each.task.depends_on(each.job), inputs]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def is_made(each: Planned) -> bool:
    """Are a job's files there, as it made them, and made of the same?"""
    found = read(each.stamp)
    made = {str(path): digest(path) for path in each.writes}
    return None not in made.values() and found == {**found, "key": key(each), "made": made}


def write(each: Planned, seconds: float) -> None:
    """Stamp a job that is done. `seconds`: that it took."""
    made = {str(path): digest(path) for path in each.writes}
    with whole_file(each.stamp) as temporary:
        content = {"key": key(each), "made": made, "seconds": round(seconds, 2)}
        temporary.write_text(json.dumps(content), encoding="utf-8")


def read(stamp: Path) -> dict[str, Any]:
    """What a stamp says; nothing where there is none that can be read."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def seconds_of(paths: Paths, name: str) -> float | None:
    """Seconds that the job of a stamp's name took; None where it was not run so."""
    return read(paths.root / ".tasks" / f"{name}.json").get("seconds")


def digest(path: Path) -> str | None:
    """Digest of a file's content; None where there is none."""
    try:
        state = path.stat()
        return _digest(path, state.st_mtime_ns, state.st_size)
    except (FileNotFoundError, IsADirectoryError):
        return None


@cache  # many jobs read one file; it is read anew when it was written anew
def _digest(path: Path, written: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _code(*modules: str) -> str:
    found = hashlib.sha256()
    for path in source_files(*modules):
        found.update((ROOT / path).read_bytes())
    return found.hexdigest()
