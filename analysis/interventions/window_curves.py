"""Window ablation as curves over window position, beside what influence predicts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.uncertainty import mean_interval

OUTCOMES = ("end_effect", "largest_effect", "predicted")
KEYS = ["length", "center", "source", "target"]
COLUMNS = ["outcome", *KEYS, "mean", "low", "high"]


def window_curves(
    windows: pd.DataFrame, trajectories: pd.DataFrame, *, learning_rate: float, gamma: float
) -> pd.DataFrame:
    """Effects of windows over their position, mean over seeds, beside what influence predicts.

    Args:
        windows: as of `window_table`, of all seeds.
        trajectories: mean curves of influence: label, step, source, target, mean, low, high; those
            of "bif" are used.
        learning_rate: of training.
        gamma: localisation of BIF, 1/parameter^2.

    Returns:
        outcome, length (steps), center (step), source, target, mean, low, high (squared-error
        units; negative: its presence helped; 95 %, Student's t over seeds). Outcomes: end_effect
        and largest_effect of the ablation; predicted from the gradients at the window's middle;
        bif, the sampled influence there times learning_rate x length x gamma / items.
    """
    table = _placed(windows)
    keys = table[table["seed"] == table["seed"].min()][KEYS].reset_index(drop=True)
    wanted = pd.MultiIndex.from_frame(keys)
    parts = []
    for outcome in OUTCOMES:
        values = table.pivot(index="seed", columns=KEYS, values=outcome)[wanted].to_numpy()
        mean, low, high = mean_interval(values)
        parts.append(keys.assign(outcome=outcome, mean=mean, low=low, high=high))
    parts.append(_bif(keys, trajectories, learning_rate * gamma))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def limit_errors(windows: pd.DataFrame, limits: pd.DataFrame) -> pd.DataFrame:
    """How far the limits of claim X5 are, over pairs of different items.

    Args:
        windows: as of `window_table`, of all seeds.
        limits: as of `analysis.estimators.instantaneous.limit_table`, of all seeds.

    Returns:
        limit (window, gamma), value (length in steps, or gamma in 1/parameter^2), quantity (slope
        of the effect on its prediction, for windows; relative_error), mean, low, high over seeds
        (95 %), pure numbers.
    """
    found: dict[tuple[str, float, str], list[float]] = {}
    table = _placed(windows)
    pairs = table[table["source"] != table["target"]]
    for (length, _), rows in pairs.groupby(["length", "seed"]):
        effect, predicted = rows["end_effect"].to_numpy(), rows["predicted"].to_numpy()
        size = predicted @ predicted
        found.setdefault(("window", length, "slope"), []).append(effect @ predicted / size)
        error = np.linalg.norm(effect - predicted) / np.sqrt(size)
        found.setdefault(("window", length, "relative_error"), []).append(error)
    for (gamma, _), rows in limits.groupby(["gamma", "seed"]):
        error = rows["relative_error"].median()
        found.setdefault(("gamma", gamma, "relative_error"), []).append(error)
    rows_ = []
    for (limit, value, quantity), values in found.items():
        mean, low, high = (float(x) for x in mean_interval(np.array(values)))
        row = {"limit": limit, "value": float(value), "quantity": quantity}
        rows_.append({**row, "mean": mean, "low": low, "high": high})
    return pd.DataFrame(rows_)


def _placed(windows: pd.DataFrame) -> pd.DataFrame:
    length = windows["end"] - windows["start"]
    return windows.assign(length=length, center=windows["start"] + length / 2)


def _bif(keys: pd.DataFrame, trajectories: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Sampled influence at every window's middle, in units of the window's effect."""
    bif = trajectories[trajectories["label"] == "bif"].sort_values("step")
    constant = scale / bif["source"].nunique()
    parts = []
    for (source, target), windows in keys.groupby(["source", "target"], sort=False):
        curve = bif[(bif["source"] == source) & (bif["target"] == target)]
        columns = {
            name: constant * windows["length"]
            * np.interp(windows["center"], curve["step"], curve[name])
            for name in ("mean", "low", "high")
        }  # fmt: skip
        parts.append(windows.assign(outcome="bif", **columns))
    return pd.concat(parts, ignore_index=True)
