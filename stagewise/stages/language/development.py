"""Stage: stage boundaries of every run, from its landmarks alone."""

from __future__ import annotations

import pandas as pd

from analysis.development import transitions
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.stages.language.common import origin
from stagewise.store import read_table, write_table


def run(config: Config, paths: Paths, model: str) -> None:
    """Write `transitions`: seed, stage, reference, start, middle, end and their intervals."""
    place, seeds = paths.language(model), config.language_seeds(model)
    tables = {n: read_table(place.whole(n)) for n in ("learning", "baselines", "landmarks")}
    parts = []
    for seed in seeds:
        learning, held, marks = (table[table["seed"] == seed] for table in tables.values())
        parts.append(transitions(learning, held, marks, seed).assign(seed=seed))
    whole = pd.concat(parts, ignore_index=True)
    write_table(whole, place.whole("transitions"), origin(config, model, seeds))
