"""Branch points of the hidden paths beside influence peaks, for every hierarchy (claim C4)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import provenance, read_table, write_result
from stagewise.tasks.base import Job, chosen, once, task
from stagewise.tasks.theory.hierarchies import HOME, variant_settings

READS = ("events", "transitions")


def places(config: Config, paths: Paths) -> dict[str, Paths]:
    """Where the tables of the toy and of every other hierarchy stand."""
    return {HOME: paths, **{name: paths.variant(name) for name in config.theory.hierarchies}}


def needs(job: Job) -> Iterable[Path]:
    """Events and stages of the toy and of every hierarchy."""
    for place in places(job.config, job.paths).values():
        yield from (place.whole(table) for table in READS)


@task(
    jobs=once,
    reads=needs,
    writes=lambda job: [job.paths.theory("branch_points")],
    settings=lambda job: [
        chosen(job.config.toy, "hierarchy"),
        variant_settings(job, *job.config.theory.hierarchies, keys=("hierarchy",)),
    ],
)
def theory_branches(job: Job) -> None:
    """Write `branch_points` of the toy and of every hierarchy."""
    import pandas as pd

    from analysis.statistics.branch_points import COLUMNS, branch_points

    config = job.config
    parts = [pd.DataFrame(columns=COLUMNS)]
    for name, place in places(config, job.paths).items():
        toy = config.toy if name == HOME else config.variant(name)
        events, transitions = (read_table(place.whole(table)) for table in READS)
        parts.append(branch_points(events, transitions, toy.tree, name))
    table = pd.concat(parts, ignore_index=True).infer_objects()
    made = provenance(config.model_dump(), config.toy_seeds)
    write_result("theory", "branch_points", table, job.paths.theory("branch_points"), made)
