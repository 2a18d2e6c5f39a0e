"""Stage: does influence at a checkpoint predict the next steps better than influence at the end?"""

from __future__ import annotations

import pandas as pd

from analysis.interventions.forecast import forecasts, stage_of
from analysis.interventions.summaries import forecast_means
from analysis.tables.curves import estimator_label
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import collected_origin


def run(config: Config, paths: Paths, model: str) -> None:
    """Write `forecast`: seed, step, stage, label, now, end (rank correlations over ordered pairs
    of different classes), pairs; and `forecast_means`, by stage."""
    place, seeds = paths.language(model), config.language_seeds(model)
    sources = [place.whole("effects"), place.class_influence, place.whole("transitions")]
    effects, influence, times = (read_table(path) for path in sources)
    across = influence[influence["pairs"] == "across_sequences"]
    parts = []
    for (estimator, normalized), group in across.groupby(["estimator", "normalized"], sort=False):
        for seed in seeds:
            found = forecasts(effects[effects["seed"] == seed], group[group["seed"] == seed])
            own = times[times["seed"] == seed]
            label = estimator_label(estimator, float("nan"), normalized)
            stage = [stage_of(own, step) for step in found["step"]]
            parts.append(found.assign(seed=seed, label=label, stage=stage))
    whole = pd.concat(parts, ignore_index=True)
    made = collected_origin(config, model, seeds, sources)
    write_table(whole, place.whole("forecast"), made)
    write_table(forecast_means(whole), place.whole("forecast_means"), made)
