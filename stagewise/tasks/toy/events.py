"""Flips and peaks of every influence curve, controlled over all of them together."""

from __future__ import annotations

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task


@task(
    jobs=once,
    reads=lambda job: [job.paths.influence],
    writes=lambda job: [job.paths.whole(name) for name in ("events", "trajectories")],
    settings=lambda job: chosen(job.config, "events"),
)
def toy_events(job: Job) -> None:
    """Write the events of every pair of different items and the mean curves of all pairs."""
    from analysis.statistics.event_tables import EventSettings
    from analysis.statistics.event_tables import toy_events as find

    config, paths = job.config, job.paths
    settings = EventSettings(**config.events.model_dump())
    found = find(read_table(paths.influence), config.toy.tree.items, settings, config.seed)
    made = provenance(config.model_dump(), config.toy_seeds)
    for name, table in zip(("events", "trajectories"), found, strict=True):
        write_result("toy", name, table, paths.whole(name), made)
