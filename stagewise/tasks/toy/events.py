"""Stage: flips and peaks of every influence curve, controlled over all of them together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.events import Event, Trajectory, control, find_events
from analysis.statistics.uncertainty import mean_interval
from analysis.tables.curves import curves, labelled
from stagewise.config import Config
from stagewise.provenance.store import provenance, read_table, write_table

COLUMNS = (
    "experiment",
    "estimator",
    "source",
    "target",
    "kind",
    "step",
    "ci_low",
    "ci_high",
    "direction",
    "q_value",
    "value",
)


REPLICATES = 200


def run(
    config: Config, influence: Path, output: Path, trajectories: Path, experiment: str = "toy"
) -> None:
    """Write the events of every pair of different items and the mean curves of all pairs.

    False discoveries are controlled within each estimator over all pairs. The column estimator
    tells curves apart: bif, bif_normalized, loo_0.5, ...; value is the influence at the event.
    trajectories: label, step, source, target, mean, low, high (95 %, Student's t over seeds;
    equal to the mean for one exact run).
    """
    rows, means = [], []
    for label, table in labelled(read_table(influence)).items():
        rng = np.random.default_rng(config.seed)
        steps, values = curves(table)
        _, errors = curves(table.fillna({"std_error": 0.0}), "std_error")
        items = list(dict.fromkeys(table["source"]))
        candidates: dict[tuple[str, ...], list[Event]] = {}
        for i, source in enumerate(items):
            for j, target in enumerate(items):
                curve = Trajectory(steps, values[..., i, j], errors[..., i, j])
                mean, low, high = mean_interval(curve.values, curve.std_errors)
                pair = {"source": source, "target": target}
                band = {"mean": mean, "low": low, "high": high}
                means.append(pd.DataFrame({"label": label, "step": steps, **pair, **band}))
                if i != j:
                    candidates[source, target] = find_events(curve, replicates=REPLICATES, rng=rng)
        for (source, target), event, q in control(candidates):
            found = {"experiment": experiment, "estimator": label, "q_value": q}
            pair = {"source": source, "target": target}
            rows.append({**found, **pair, **{k: v for k, v in vars(event).items() if k in COLUMNS}})
    numbers = dict.fromkeys(("step", "ci_low", "ci_high", "q_value", "value"), float)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers)  # also where it is empty
    origin = provenance(config.model_dump(), config.toy_seeds)
    write_table(table, output, origin)
    write_table(pd.concat(means, ignore_index=True), trajectories, origin)
