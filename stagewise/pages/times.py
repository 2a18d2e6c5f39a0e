"""Where the time of a run went, by rule, from the benchmark files of the jobs that ran in it."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from models.storage.files import whole_file
from stagewise.pages.rules import seconds_in
from stagewise.paths import Paths

SMALL = 0.01  # share of the seconds below which rules are put together


@dataclass(frozen=True)
class Run:
    """A run of the pipeline.

    Attributes:
        begun, ended: seconds since the epoch; cores: that it was given; None on a cluster.
    """

    begun: float
    ended: float
    cores: int | None


def place(paths: Paths) -> Path:
    """File in which the last run that did something is kept."""
    return paths.root / ".tasks" / "last_run.json"


def under_make() -> bool:
    """Is this part of `make`, which asks for the times itself, after the claims?"""
    return "MAKELEVEL" in os.environ


def keep_run(paths: Paths, begun: float, cores: int | None) -> bool:
    """Keep when a run that ends now was begun; not where no job ran in it.

    Returns:
        whether one did.
    """
    run = Run(begun, time.time(), cores)
    if not jobs_of(paths, run):
        return False
    with whole_file(place(paths)) as temporary:
        temporary.write_text(json.dumps(asdict(run)), encoding="utf-8")
    return True


def last_run(paths: Paths) -> Run:
    """The last run that did something.

    Raises:
        FileNotFoundError: there was none here.
    """
    if not place(paths).is_file():
        raise FileNotFoundError(f"no run of Snakemake ended in {paths.root} yet: no times are kept")
    return Run(**json.loads(place(paths).read_text(encoding="utf-8")))


def jobs_of(paths: Paths, run: Run) -> dict[str, list[float]]:
    """Seconds of every job that ran in a run, by rule."""
    folder, found = paths.root / "benchmarks", defaultdict(list)
    for file in sorted(folder.rglob("*.tsv")):
        if run.begun <= file.stat().st_mtime <= run.ended:
            rule = file.relative_to(folder).parts[0].removesuffix(".tsv")
            found[rule].append(seconds_in(file))
    return dict(found)


def times_lines(paths: Paths) -> Iterable[str]:
    """Rule, jobs, seconds and share of the last run, the longest first; then its wall time and the
    share of it in which cores were busy.

    Raises:
        FileNotFoundError: there was no run.
    """
    run = last_run(paths)
    jobs = jobs_of(paths, run)
    whole = sum(map(sum, jobs.values())) or 1.0
    ordered = sorted(jobs.items(), key=lambda each: -sum(each[1]))
    small = [seconds for _, seconds in ordered if sum(seconds) < SMALL * whole]
    rows = [(name, seconds) for name, seconds in ordered if sum(seconds) >= SMALL * whole]
    if small:
        rows.append((f"{len(small)} more rules", [each for seconds in small for each in seconds]))
    width = max(len(name) for name, _ in rows) if rows else 0
    yield f"{'rule':{width}} {'jobs':>5} {'seconds':>8} {'share':>6}"
    for name, seconds in rows:
        yield f"{name:{width}} {len(seconds):5d} {sum(seconds):8.0f} {sum(seconds) / whole:6.0%}"
    yield ended(run, whole, sum(map(len, jobs.values())))


def ended(run: Run, seconds: float, jobs: int) -> str:
    """A sentence on the whole run. `seconds`: of all its jobs together."""
    wall = max(run.ended - run.begun, 1e-9)
    many = "1 job" if jobs == 1 else f"{jobs} jobs"
    told = f"{many}, {seconds:.0f} s of work in {wall // 60:.0f} min {wall % 60:.0f} s"
    if not run.cores:
        return told
    return f"{told}: {run.cores} cores, busy {min(seconds / (wall * run.cores), 1):.0%} of it"
