"""Stage: window ablation as curves over window position, beside what influence predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.uncertainty import mean_interval
from stagewise.config import Config
from stagewise.provenance.store import provenance, read_table, write_table

OUTCOMES = ("end_effect", "largest_effect", "predicted")
KEYS = ["length", "center", "source", "target"]


def run(
    config: Config, windows: Path, trajectories: Path, limits: Path, output: Path, errors: Path
) -> None:
    """Write window ablation over window position, and how far the limits of claim X5 are.

    output: outcome, length, center (step), source, target, mean, low, high (95 %, Student's t
    over seeds). Outcomes: end_effect and largest_effect of the ablation; predicted from the
    gradients at the window's middle; bif, the sampled influence there times
    learning_rate x length x gamma / items.
    errors: limit (window, gamma), value (length or gamma), quantity (slope, relative_error),
    mean, low, high over seeds; pairs of different items.
    """
    table = read_table(windows)
    table = table.assign(length=table["end"] - table["start"])
    table["center"] = table["start"] + table["length"] / 2
    keys = table[table["seed"] == table["seed"].iloc[0]][KEYS].reset_index(drop=True)
    seeds = table["seed"].nunique()
    parts = []
    for outcome in OUTCOMES:
        values = table.sort_values("seed", kind="stable")[outcome].to_numpy().reshape(seeds, -1)
        mean, low, high = mean_interval(values)
        parts.append(keys.assign(outcome=outcome, mean=mean, low=low, high=high))
    parts.append(_bif(config, keys, read_table(trajectories)))
    joined = pd.concat(parts, ignore_index=True)[["outcome", *KEYS, "mean", "low", "high"]]
    origin = provenance(config.model_dump(), config.toy_seeds)
    write_table(joined, output, origin)
    write_table(_limits(table, read_table(limits)), errors, origin)


def _limits(windows: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """Slope and relative error of windows by length, and relative error of BIF by gamma."""
    found: dict[tuple[str, float, str], list[float]] = {}
    pairs = windows[windows["source"] != windows["target"]]
    for (length, _), rows in pairs.groupby(["length", "seed"]):
        effect, predicted = rows["end_effect"].to_numpy(), rows["predicted"].to_numpy()
        size = predicted @ predicted
        found.setdefault(("window", length, "slope"), []).append(effect @ predicted / size)
        error = np.linalg.norm(effect - predicted) / np.sqrt(size)
        found.setdefault(("window", length, "relative_error"), []).append(error)
    for (gamma, _), rows in limits.groupby(["gamma", "seed"]):
        error = rows["relative_error"].median()
        found.setdefault(("gamma", gamma, "relative_error"), []).append(error)
    table = []
    for (limit, value, quantity), values in found.items():
        mean, low, high = mean_interval(np.array(values))
        row = {"limit": limit, "value": float(value), "quantity": quantity}
        table.append({**row, "mean": float(mean), "low": float(low), "high": float(high)})
    return pd.DataFrame(table)


def _bif(config: Config, keys: pd.DataFrame, trajectories: pd.DataFrame) -> pd.DataFrame:
    """Sampled influence at every window's middle, in units of the window's effect."""
    bif = trajectories[trajectories["label"] == "bif"]
    constant = config.toy.learning_rate * config.toy.posterior.gamma / bif["source"].nunique()
    parts = []
    for (source, target), windows in keys.groupby(["source", "target"], sort=False):
        curve = bif[(bif["source"] == source) & (bif["target"] == target)]
        scale = constant * windows["length"]
        columns = {
            name: scale * np.interp(windows["center"], curve["step"], curve[name])
            for name in ("mean", "low", "high")
        }
        parts.append(windows.assign(outcome="bif", **columns))
    return pd.concat(parts, ignore_index=True)
