"""Window effects over position, from tables in any order."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from analysis.interventions.window_curves import KEYS, limit_errors, window_curves

ITEMS, SEEDS = ("b", "a"), (3, 1)
WINDOWS = ((0, 10), (10, 20), (0, 4))
# What a source does to a target, different for every pair: mixing rows up would be seen.
SIZE = {("a", "a"): 1.0, ("a", "b"): -2.0, ("b", "a"): 5.0, ("b", "b"): 7.0}


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ablation twice as strong as predicted, 1 more in seed 3; influence is size x step."""
    rows = [
        (seed, start, end, i, j, 2 * SIZE[i, j] * (end - start) + (seed == 3), 0.0,
         SIZE[i, j] * (end - start))
        for seed, (start, end), i, j in itertools.product(SEEDS, WINDOWS, ITEMS, ITEMS)
    ]  # fmt: skip
    names = ["seed", "start", "end", "source", "target", "end_effect", "largest_effect",
             "predicted"]  # fmt: skip
    curves = [("bif", step, *pair, size * step) for pair, size in SIZE.items() for step in (0, 20)]
    curves += [("other", 5, *pair, 99.0) for pair in SIZE]
    trajectories = pd.DataFrame(curves, columns=["label", "step", "source", "target", "mean"])
    bands = {"low": trajectories["mean"] - 1, "high": trajectories["mean"] + 1}
    return pd.DataFrame(rows, columns=names), trajectories.assign(**bands)


def at(curves: pd.DataFrame, *key: object) -> pd.Series:
    return curves.set_index(["outcome", *KEYS]).loc[key]


def test_every_value_is_that_of_its_own_pair_and_window(tables):
    curves = window_curves(*tables, learning_rate=0.05, gamma=100.0)
    assert len(curves) == 4 * len(WINDOWS) * 4
    assert not curves.duplicated(["outcome", *KEYS]).any()
    for (start, end), (pair, size) in itertools.product(WINDOWS, SIZE.items()):
        key = (end - start, (start + end) / 2, *pair)
        assert at(curves, "predicted", *key)["mean"] == size * key[0]
        ablated = at(curves, "end_effect", *key)
        assert ablated["mean"] == 2 * size * key[0] + 0.5
        # Two seeds 1 apart: Student's t with one degree of freedom.
        assert ablated["high"] - ablated["mean"] == pytest.approx(12.706 / 2, rel=1e-4)
        scale = 0.05 * 100.0 * key[0] / len(ITEMS)
        bif = at(curves, "bif", *key)
        assert bif["mean"] == pytest.approx(scale * size * key[1], rel=1e-12)
        assert bif["high"] - bif["mean"] == pytest.approx(scale, rel=1e-12)


def test_rows_may_come_in_any_order(tables):
    # Reshaping by the order of rows gave one pair's values to another.
    shuffled = [table.sample(frac=1, random_state=1) for table in tables]
    scale = {"learning_rate": 0.05, "gamma": 100.0}
    sort = ["outcome", *KEYS]
    pd.testing.assert_frame_equal(
        *(
            window_curves(*given, **scale).sort_values(sort, ignore_index=True)
            for given in (tables, shuffled)
        )
    )


def test_limits_are_slope_and_relative_error_of_different_items(tables):
    windows = tables[0][tables[0]["seed"] == 1].copy()  # exactly twice what is predicted,
    windows.loc[windows["source"] == windows["target"], "end_effect"] = 1e3  # if they differ
    limits = pd.DataFrame(
        {"gamma": [1.0, 1.0, 1.0, 9.0], "seed": 1, "relative_error": [0.1, 0.2, 0.9, 0.01]}
    )
    errors = limit_errors(windows.sample(frac=1, random_state=0), limits)
    found = errors.set_index(["limit", "value", "quantity"])["mean"]
    for length in (4.0, 10.0):
        assert found["window", length, "slope"] == pytest.approx(2.0, rel=1e-12)
        assert found["window", length, "relative_error"] == pytest.approx(1.0, rel=1e-12)
    assert found["gamma", 1.0, "relative_error"] == 0.2  # the median over steps
    assert found["gamma", 9.0, "relative_error"] == 0.01
    assert np.isfinite(errors[["low", "high"]]).all(axis=None)
