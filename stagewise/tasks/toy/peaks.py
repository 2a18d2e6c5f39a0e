"""Flips and peaks beside the removals and the stages: what claims and figures share."""

from __future__ import annotations

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, once, task

READS, WRITES = ("events", "transitions"), ("removal_times", "distinction_peaks")


@task(
    jobs=once,
    reads=lambda job: [job.paths.whole(name) for name in READS],
    writes=lambda job: [job.paths.whole(name) for name in WRITES],
)
def toy_peaks(job: Job) -> None:
    """Write when the ladder of removals turns, and the peaks beside their distinctions."""
    from analysis.statistics.distinction_peaks import distinction_peaks
    from analysis.statistics.removal_times import removal_times

    events, transitions = (read_table(job.paths.whole(name)) for name in READS)
    tree = job.config.toy.tree
    found = removal_times(events), distinction_peaks(events, transitions, tree)
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    for name, table in zip(WRITES, found, strict=True):
        write_result("toy", name, table, job.paths.whole(name), made)
