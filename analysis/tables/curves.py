"""The influence table as arrays, curve by curve."""

from __future__ import annotations

import numpy as np
import pandas as pd


def curves(table: pd.DataFrame, value: str = "influence") -> tuple[np.ndarray, np.ndarray]:
    """A table of one curve per seed and pair as (steps,) and an array (seeds, steps, source,
    target), at the steps that every seed has.

    Sources and targets stay in the order in which the table lists them.
    """
    seeds = table["seed"].nunique()
    shared = table.groupby("step")["seed"].nunique() == seeds
    steps = shared.index[shared].to_numpy()
    ordered = table[table["step"].isin(steps)].sort_values(["seed", "step"], kind="stable")
    items = ordered["source"].nunique()
    return steps, ordered[value].to_numpy(float).reshape(seeds, len(steps), items, items)


def estimator_label(estimator: str, eta: float, normalized: bool) -> str:
    """One name per curve: bif, bif_normalized, unrolled, loo_0.5, ..."""
    if np.isfinite(eta):
        return f"loo_{eta:g}"
    return f"{estimator}_normalized" if normalized else estimator


def labelled(influence: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The influence table by label, each with rows in the order they were written."""
    keys = influence.groupby(["estimator", "eta", "normalized"], dropna=False, sort=False)
    return {estimator_label(*key): group for key, group in keys}
