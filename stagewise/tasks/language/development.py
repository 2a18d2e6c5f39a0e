"""Stage: stage boundaries of every run, from its landmarks alone."""

from __future__ import annotations

import pandas as pd

from analysis.development.transitions import transitions
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import collected_origin


def run(config: Config, paths: Paths, model: str) -> None:
    """Write `transitions`: seed, stage, reference, start, middle, end and their intervals."""
    place, seeds = paths.language(model), config.language_seeds(model)
    sources = [place.whole(name) for name in ("learning", "baselines", "landmarks")]
    tables = [read_table(path) for path in sources]
    parts = []
    for seed in seeds:
        learning, held, marks = (table[table["seed"] == seed] for table in tables)
        parts.append(transitions(learning, held, marks, seed).assign(seed=seed))
    whole = pd.concat(parts, ignore_index=True)
    made = collected_origin(config, model, seeds, sources)
    write_table(whole, place.whole("transitions"), made)
