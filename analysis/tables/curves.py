"""Influence as tables and as arrays with names: to and fro in one place, by names alone.

Rows of a table may stand in any order; arrays come back with their axes in the order asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

INFLUENCE_COLUMNS = [
    "estimator", "eta", "step", "source", "target", "influence", "std_error", "normalized", "seed",
]  # fmt: skip
AXES = ("seed", "step", "source", "target")


def estimator_label(estimator: str, eta: float, normalized: bool) -> str:
    """One name per curve: bif, bif_normalized, unrolled, loo_0.5, ...

    Args:
        estimator: its name.
        eta: share removed, in (0, 1]; NaN where there is none.
        normalized: correlation instead of covariance.

    Returns:
        the label.

    Example:
        >>> estimator_label("loo", 0.5, False), estimator_label("bif", float("nan"), True)
        ('loo_0.5', 'bif_normalized')
    """
    if np.isfinite(eta):
        return f"loo_{eta:g}" if estimator == "loo" else f"{estimator}_{eta:g}"
    return f"{estimator}_normalized" if normalized else estimator


def labelled(influence: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The influence table by label, in the order in which the table lists the curves.

    Args:
        influence: the contract's table: `INFLUENCE_COLUMNS`.

    Returns:
        label -> its rows, all columns.
    """
    keys = influence.groupby(["estimator", "eta", "normalized"], dropna=False, sort=False)
    return {estimator_label(*key): group for key, group in keys}


def influence_table(influence: xr.DataArray, seed: int) -> pd.DataFrame:
    """Influence of one run as rows of the contract.

    Args:
        influence: dims (step, source, target), with `eta` or `normalized` before them where the
            estimator has several variants; attribute `estimator`; std_error as a coordinate of the
            same dims where sampled. Any unit; negative: helps.
        seed: of the run.

    Returns:
        `INFLUENCE_COLUMNS`; std_error NaN where exact. Rows without a value are left out.

    Example:
        >>> axes = {"step": [0], "source": ["dog"], "target": ["cat"]}
        >>> one = xr.DataArray([[[-0.5]]], axes, tuple(axes), attrs={"estimator": "unrolled"})
        >>> influence_table(one, seed=0)[["step", "source", "target", "influence"]].values.tolist()
        [[0, 'dog', 'cat', -0.5]]
    """
    leading = [name for name in influence.dims if name not in AXES]
    ordered = influence.transpose(*leading, "step", "source", "target")
    index = np.indices(ordered.shape).reshape(ordered.ndim, -1)
    table = pd.DataFrame(
        {name: ordered[name].values[k] for name, k in zip(ordered.dims, index, strict=True)}
    )
    table["influence"] = ordered.values.reshape(-1)
    errors = "std_error" in ordered.coords
    table["std_error"] = ordered["std_error"].values.reshape(-1) if errors else np.nan
    defaults = {"eta": np.nan, "normalized": False}
    for name, value in defaults.items():
        if name not in leading:
            table[name] = value
    named = table.assign(estimator=influence.attrs["estimator"], seed=seed)[INFLUENCE_COLUMNS]
    return named.dropna(subset=["influence"]).reset_index(drop=True)


def influence_array(
    table: pd.DataFrame, items: Sequence[str] | None = None, value: str = "influence"
) -> xr.DataArray:
    """A table of one curve per seed and pair as an array with names.

    Args:
        table: seed, step, source, target and the value, in any order; every pair is there at every
            step of a seed.
        items: order of sources and targets; default: sorted.
        value: the column that holds it.

    Returns:
        dims (seed, step, source, target), at the steps that every seed has, in the unit of the
        column; seeds and steps ascend.

    Raises:
        ValueError: a value is there twice, or missing.
    """
    shared = table.groupby("step")["seed"].nunique() == table["seed"].nunique()
    rows = table[table["step"].isin(shared.index[shared])]
    names = list(items) if items is not None else sorted(rows["source"].unique())
    seeds, steps = sorted(rows["seed"].unique()), sorted(rows["step"].unique())
    shape = (len(seeds), len(steps), len(names), len(names))
    places = [
        pd.Index(axis).get_indexer(rows[column])
        for axis, column in zip((seeds, steps, names, names), AXES, strict=True)
    ]
    flat = np.ravel_multi_index(places, shape)
    if len(flat) != np.prod(shape) or len(np.unique(flat)) != len(flat):
        raise ValueError(
            f"{len(flat)} values of {value} for {shape[0]} seeds x {shape[1]} steps x {shape[2]} x "
            f"{shape[3]} items: every pair once at every step of every seed"
        )
    values = np.empty(shape)
    values.reshape(-1)[flat] = rows[value].to_numpy(float)
    coords = dict(zip(AXES, (seeds, steps, names, names), strict=True))
    return xr.DataArray(values, dims=AXES, coords=coords, name=value)


def class_table(influence: xr.DataArray) -> pd.DataFrame:
    """Class influence of one checkpoint as rows.

    Args:
        influence: dims (variant, source, target), nats^2 or correlations; negative: helps.
            Coordinates n_pairs of the same dims, pairs and normalized by variant, std_error where
            sampled; attribute `estimator`.

    Returns:
        one row per variant and ordered pair of classes: source_class, target_class, influence,
        std_error (NaN: exact), n_pairs, estimator, pairs, normalized.
    """
    ordered = influence.transpose("variant", "source", "target")
    v, i, j = np.indices(ordered.shape).reshape(3, -1)
    errors = ordered["std_error"].values if "std_error" in ordered.coords else None
    return pd.DataFrame(
        {
            "source_class": ordered["source"].values[i],
            "target_class": ordered["target"].values[j],
            "influence": ordered.values.reshape(-1),
            "std_error": np.nan if errors is None else errors.reshape(-1),
            "n_pairs": ordered["n_pairs"].transpose(*ordered.dims).values.reshape(-1),
            "estimator": influence.attrs["estimator"],
            "pairs": ordered["pairs"].values[v],
            "normalized": ordered["normalized"].values[v],
        }
    )
