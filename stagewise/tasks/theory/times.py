"""Predicted against measured times of flips and peaks, for every hierarchy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.theory.hierarchies import HOME, hierarchies, variant_settings
from stagewise.tasks.toy.common import NETWORK

WRITES = ("times", "times_summary")


def measured(job: Job) -> Iterable[Path]:
    """Events of the toy and of every hierarchy."""
    yield job.paths.whole("events")
    yield from (job.paths.variant(name).whole("events") for name in job.config.theory.hierarchies)


@task(
    jobs=once,
    reads=measured,
    writes=lambda job: [job.paths.theory(name) for name in WRITES],
    settings=lambda job: [
        chosen(job.config.toy, *NETWORK, "posterior.nbeta", "posterior.gamma"),
        chosen(job.config.theory, "matching"),
        chosen(job.config, "events.resolution", "events.sign_level"),
        variant_settings(job, *job.config.theory.hierarchies),
    ],
)
def theory_times(job: Job) -> None:
    """Write every matched event, and a summary per hierarchy and estimator."""
    import pandas as pd

    from analysis.tables.catalogue import table_named
    from analysis.theory.matching import Matching
    from analysis.theory.predicted_times import Training, expected_strength
    from analysis.theory.times_table import predictions, times_tables

    config, paths = job.config, job.paths
    matching = Matching(**config.theory.matching.model_dump())
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in WRITES}
    for name, toy in hierarchies(config).items():
        place = paths if name == HOME else paths.variant(name)
        strength = expected_strength(toy.init_scale, toy.hidden_width, toy.initialisation)
        said = predictions(
            Training(toy.tree, toy.learning_rate, strength, toy.hidden_width),
            steps=toy.steps,
            checkpoint_every=toy.checkpoint_every,
            nbeta=toy.posterior.nbeta,
            gamma=toy.posterior.gamma,
            resolution=config.events.resolution,
            sign_level=config.events.sign_level,
        )
        found = times_tables(said, read_table(place.whole("events")), matching, config.seed)
        for table, rows in zip(WRITES, found, strict=True):
            rows.insert(0, "hierarchy", name)
            parts[table].append(rows)
    made = provenance(config.model_dump(), config.toy_seeds)
    for table, rows_ in parts.items():
        columns = list(table_named("theory", table).columns)
        whole = pd.concat([pd.DataFrame(columns=columns), *rows_], ignore_index=True)
        write_result("theory", table, whole[columns].infer_objects(), paths.theory(table), made)
