"""Put the tables of all seeds and estimators into one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables.catalogue import of_room
from stagewise.config import Config
from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, each_seed, once, task

COLLECTED = [table.name for table in of_room("toy") if table.scope == "seed"]


def estimated(job: Job) -> Iterable[Path]:
    """Influence by every estimator and seed."""
    from analysis.estimators.base import estimators

    for each in estimators("toy"):
        yield from (job.paths.estimator(each.name, one["seed"]) for one in each_seed(job.config))


@task(jobs=once, reads=estimated, writes=lambda job: [job.paths.influence])
def toy_influence(job: Job) -> None:
    """Write the influence of all estimators and seeds."""
    together(job, "influence", [*estimated(job)])


def each_collected(config: Config) -> list[dict[str, Any]]:
    """One job per table that every seed has a part of."""
    return [{"table": name} for name in COLLECTED]


@task(
    wildcards=("table",),
    jobs=each_collected,
    reads=lambda job: [job.paths.part(job.table, seed) for seed in job.config.toy_seeds],
    writes=lambda job: [job.paths.whole(job.table)],
)
def toy_collect(job: Job) -> None:
    """Write one table of all seeds."""
    parts = [job.paths.part(job.table, seed) for seed in job.config.toy_seeds]
    together(job, job.table, parts)


def together(job: Job, name: str, parts: Sequence[Path]) -> None:
    """Write tables of equal columns as one, in the order given."""
    tables = [read_table(path) for path in parts]
    joined = pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
    made = provenance(job.config.model_dump(), job.config.toy_seeds)
    write_result("toy", name, joined, job.paths.whole(name), made)
