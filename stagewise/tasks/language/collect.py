"""Stage: put one table of all runs of a model together."""

from __future__ import annotations

import pandas as pd

from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import collected_origin

# Whole table -> the parts it is made of.
PARTS = {
    "class_influence": ("influence",),
    "sampler": ("sampler",),
    "learning": ("learning",),
    "baselines": ("baselines",),
    "effects": ("effects",),
    "landmarks": ("landmarks", "sampler"),
}
TABLES = (*PARTS, "upweighting")


def parts_of(config: Config, model: str, table: str) -> tuple[str, ...]:
    """Names of the parts that one of TABLES is made of; of up-weighting, one per class."""
    if table == "upweighting":
        classes = config.language.models[model].upweighting.classes
        return tuple(f"upweighting_{name}" for name in classes)
    return PARTS[table]


def run(config: Config, paths: Paths, model: str, table: str) -> None:
    """Write one table over all seeds. `landmarks` takes the local learning coefficients in, where
    they were sampled; `upweighting` takes the classes together.

    Raises:
        ValueError: there is no such table.
    """
    place, seeds = paths.language(model), config.language_seeds(model)
    if table not in TABLES:
        raise ValueError(f"table {table!r}: {', '.join(TABLES)}")
    names = parts_of(config, model, table)
    sources = [place.part(name, seed) for name in names for seed in seeds]
    parts = [read_table(path) for path in sources]
    if table == "landmarks":
        parts = [_coefficients(part) if "sample" in part else part for part in parts]
    whole = pd.concat(parts, ignore_index=True)
    write_table(whole, place.whole(table), collected_origin(config, model, seeds, sources))


def _coefficients(sampler: pd.DataFrame) -> pd.DataFrame:
    """The local learning coefficients as landmarks."""
    rows = sampler[sampler["sample"] == "all tokens"]
    return rows[["step", "seed"]].assign(name="llc", value=rows["llc"])
