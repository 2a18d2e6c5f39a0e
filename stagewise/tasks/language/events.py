"""Stage: flips and peaks of class influence, in every run and in the mean over runs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from analysis.statistics.events import Event, Trajectory, control, find_events
from analysis.statistics.uncertainty import mean_interval
from analysis.tables.curves import estimator_label
from stagewise.config import Config
from stagewise.paths import Paths
from stagewise.provenance.store import read_table, write_table
from stagewise.tasks.language.common import collected_origin
from stagewise.tasks.toy.events import COLUMNS, REPLICATES

NUMBERS = ("step", "ci_low", "ci_high", "q_value", "value")


def run(config: Config, paths: Paths, model: str) -> None:
    """Write `events` and `trajectories` of pairs across sequences.

    Influence between classes is symmetric, so that one of a pair's two directions is followed.
    experiment: language/<model>/seed<S>, or language/<model> for the mean over runs; false
    discoveries are controlled within each experiment and estimator. trajectories: experiment,
    label, step, source, target, mean, low, high (95 %: jackknife for a run, Student's t over
    runs for their mean).
    """
    place, seeds = paths.language(model), config.language_seeds(model)
    table = read_table(place.class_influence)
    table = table[table["pairs"] == "across_sequences"]
    runs = {f"language/{model}/seed{seed}": [seed] for seed in seeds}
    if len(seeds) > 1:
        runs[f"language/{model}"] = seeds
    rows, means = [], []
    for (estimator, normalized), group in table.groupby(["estimator", "normalized"], sort=False):
        label = estimator_label(estimator, float("nan"), normalized)
        names = list(dict.fromkeys(group["source_class"]))
        for experiment, members in runs.items():
            rng = np.random.default_rng(config.seed)
            chosen = group[group["seed"].isin(members)]
            candidates: dict[tuple[str, ...], list[Event]] = {}
            for source, target in itertools.combinations_with_replacement(names, 2):
                curve = trajectory(chosen, source, target)
                if curve is None:
                    continue
                mean, low, high = mean_interval(curve.values, curve.std_errors)
                pair = {"source": source, "target": target}
                band = {"step": curve.steps, "mean": mean, "low": low, "high": high}
                means.append(
                    pd.DataFrame({"experiment": experiment, "label": label, **pair, **band})
                )
                candidates[source, target] = find_events(curve, replicates=REPLICATES, rng=rng)
            for (source, target), event, q in control(candidates):
                found = {"experiment": experiment, "estimator": label, "q_value": q}
                found |= {"source": source, "target": target}
                rows.append(found | {k: v for k, v in vars(event).items() if k in COLUMNS})
    made = collected_origin(config, model, seeds, [place.class_influence])
    events = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(NUMBERS, float))
    write_table(events, place.events, made)
    write_table(pd.concat(means, ignore_index=True), place.whole("trajectories"), made)


def trajectory(table: pd.DataFrame, source: str, target: str) -> Trajectory | None:
    """The curves of a pair, one per seed; None where no two tokens of the pair ever meet."""
    rows = table[(table["source_class"] == source) & (table["target_class"] == target)]
    values = rows.pivot(index="seed", columns="step", values="influence")
    errors = rows.pivot(index="seed", columns="step", values="std_error").fillna(0.0)
    if values.isna().any(axis=None):
        return None
    return Trajectory(values.columns.to_numpy(), values.to_numpy(), errors.to_numpy())
