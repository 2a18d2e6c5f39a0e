"""Stage: window ablation as curves over window position, beside what influence predicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from stagewise.config import Config
from stagewise.store import provenance, read_table, write_table

OUTCOMES = ("end_effect", "largest_effect", "predicted")
BOOTSTRAP = 500
KEYS = ["length", "center", "source", "target"]


def run(config: Config, windows: Path, trajectories: Path, output: Path) -> None:
    """Write one row per outcome, window and pair.

    Columns: outcome, length, center (step), source, target, mean, low, high (95 %, seeds
    resampled). Outcomes: end_effect and largest_effect of the ablation; predicted from the
    gradients at the window's middle; bif, the sampled influence there times
    learning_rate x length x gamma / items (claim X5).
    """
    table = read_table(windows)
    table = table.assign(length=table["end"] - table["start"])
    table["center"] = table["start"] + table["length"] / 2
    keys = table[table["seed"] == table["seed"].iloc[0]][KEYS].reset_index(drop=True)
    seeds = table["seed"].nunique()
    rng = np.random.default_rng(config.seed)
    pick = rng.integers(seeds, size=(BOOTSTRAP, seeds))
    counts = (pick[..., None] == np.arange(seeds)).mean(1)  # (replicates, seeds), rows sum to 1
    parts = []
    for outcome in OUTCOMES:
        values = table.sort_values("seed", kind="stable")[outcome].to_numpy().reshape(seeds, -1)
        low, high = np.percentile(counts @ values, [2.5, 97.5], axis=0)
        band = {"mean": values.mean(0), "low": low, "high": high}
        parts.append(keys.assign(outcome=outcome, **band))
    parts.append(_bif(config, keys, read_table(trajectories)))
    joined = pd.concat(parts, ignore_index=True)[["outcome", *KEYS, "mean", "low", "high"]]
    write_table(joined, output, provenance(config.model_dump(), config.toy_seeds))


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
