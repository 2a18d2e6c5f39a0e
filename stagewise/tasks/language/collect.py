"""Put one table of all runs of a model together."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.tables.catalogue import of_room, table_named
from stagewise.config import Config
from stagewise.provenance.store import read_table
from stagewise.tasks.base import Job, task
from stagewise.tasks.language.run import LanguageModel

TABLES = [table.name for table in of_room("language") if table.scope == "seed"]


def parts_of(config: Config, model: str, table: str) -> list[str]:
    """Names of the parts of a run that a table is made of; of up-weighting, one per class."""
    names = table_named("language", table).parts or (table,)
    classes = config.language.models[model].upweighting.classes
    return [
        filled
        for name in names
        for filled in dict.fromkeys(
            name.format(class_name=each) for each in (classes if "{" in name else [""])
        )
    ]


def each_table(config: Config) -> list[dict[str, Any]]:
    """One job per model and table that every run has a part of."""
    return [
        {"model": model, "table": table}
        for model, settings in config.language.models.items()
        for table in settings.tables
        if table in TABLES
    ]


def parts(job: Job) -> Iterable[Path]:
    """Files of all parts, part by part."""
    place, seeds = job.paths.language(job.model), job.config.language_seeds(job.model)
    for name in parts_of(job.config, job.model, job.table):
        yield from (place.part(name, seed) for seed in seeds)


@task(
    wildcards=("model", "table"),
    jobs=each_table,
    reads=parts,
    writes=lambda job: [job.paths.language(job.model).whole(job.table)],
)
def language_collect(job: Job) -> None:
    """Write one table over all seeds. `landmarks` takes the local learning coefficients in, where
    they were sampled; `upweighting` takes the classes together.

    Raises:
        ValueError: there is no such table.
    """
    if job.table not in TABLES:
        raise ValueError(f"table {job.table!r}: {', '.join(TABLES)}")
    sources = [*parts(job)]
    found = [read_table(path) for path in sources]
    if job.table == "landmarks":
        found = [coefficients(part) if "sample" in part else part for part in found]
    LanguageModel.of(job).write(job.table, pd.concat(found, ignore_index=True), sources)


def coefficients(sampler: pd.DataFrame) -> pd.DataFrame:
    """The local learning coefficients as landmarks."""
    rows = sampler[sampler["sample"] == "all tokens"]
    return rows[["step", "seed"]].assign(name="llc", value=rows["llc"])[
        ["step", "name", "value", "seed"]
    ]
