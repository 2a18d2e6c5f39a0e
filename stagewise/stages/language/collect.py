"""Stage: put one table of all runs of a model together."""

from __future__ import annotations

import pandas as pd

from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.stages.language.common import origin
from stagewise.store import read_table, write_table

# Whole table -> the parts it is made of.
PARTS = {
    "class_influence": ("influence",),
    "sampler": ("sampler",),
    "learning": ("learning",),
    "baselines": ("baselines",),
    "effects": ("effects",),
}


def run(config: Config, paths: Paths, model: str, table: str) -> None:
    """Write one table over all seeds. `landmarks` takes the local learning coefficients in, where
    they were sampled; `upweighting` takes the classes together.

    Raises:
        ValueError: there is no such table.
    """
    place, seeds = paths.language(model), config.language_seeds(model)
    classes = config.language.models[model].upweighting.classes
    if table == "landmarks":
        parts = [read_table(place.part("landmarks", seed)) for seed in seeds]
        sampled = [read_table(place.part("sampler", seed)) for seed in seeds]
        parts += [_coefficients(part) for part in sampled]
    elif table == "upweighting":
        parts = [read_table(place.part(f"upweighting_{c}", s)) for c in classes for s in seeds]
    elif table in PARTS:
        parts = [read_table(place.part(name, seed)) for name in PARTS[table] for seed in seeds]
    else:
        raise ValueError(f"table {table!r}: landmarks, upweighting, {', '.join(PARTS)}")
    whole = pd.concat(parts, ignore_index=True)
    write_table(whole, place.whole(table), origin(config, model, seeds))


def _coefficients(sampler: pd.DataFrame) -> pd.DataFrame:
    """The local learning coefficients as landmarks."""
    rows = sampler[sampler["sample"] == "all tokens"]
    return rows[["step", "seed"]].assign(name="llc", value=rows["llc"])
