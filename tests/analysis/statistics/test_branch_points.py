"""Branch points and peaks, distinction by distinction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.claims.branching import permuted_distance
from analysis.statistics.branch_points import COLUMNS, branch_points
from models.toy.hierarchy import Hierarchy

TREE = Hierarchy.from_mapping({"thing": {"animal": ["dog", "cat"], "plant": ["oak", "rose"]}})


def events(pairs: dict[tuple[str, str], float]) -> pd.DataFrame:
    return pd.DataFrame(
        [{"estimator": "bif", "source": a, "target": b, "direction": "maximum", "step": step,
          "ci_low": step - 1, "ci_high": step + 1, "value": 1.0} for (a, b), step in pairs.items()]
    )  # fmt: skip


def stages(**knees: float) -> pd.DataFrame:
    return pd.DataFrame(
        [{"seed": seed, "stage": node, "node": node, "start": knee, "middle": knee + 5,
          "end": knee + 40 + 20 * seed, "knee": knee, "fastest": knee + 8}
         for node, knee in knees.items() for seed in (0, 1)]
    )  # fmt: skip


def test_a_distinctions_peak_is_the_median_of_its_pairs():
    found = branch_points(
        events({("dog", "cat"): 300.0, ("cat", "dog"): 310.0, ("dog", "oak"): 120.0}),
        stages(thing=100.0, animal=290.0, plant=295.0), TREE, "toy",
    )  # fmt: skip
    assert list(found.columns) == COLUMNS
    assert found["node"].tolist() == ["thing", "animal"]  # from the root; plant has no peak
    assert found["peak"].tolist() == [120.0, 305.0]
    assert found["pairs"].tolist() == [1, 2]
    assert found["end"].tolist() == [150.0, 340.0]  # means over seeds


def test_distances_are_dealt_within_trees_only():
    # Two trees learnt at different rates: between them every knee is far from the other's peaks,
    # so that a null which mixed trees would call any two trees aligned.
    slow = pd.DataFrame({"hierarchy": "slow", "peak": [1000.0, 1010.0], "knee": [1010.0, 1000.0]})
    fast = pd.DataFrame({"hierarchy": "fast", "peak": [10.0, 20.0], "knee": [20.0, 10.0]})
    rows = pd.concat([slow, fast], ignore_index=True)
    rows = rows.assign(start=rows["knee"], end=rows["knee"] + 10)
    near, chance, p_near, p_far = permuted_distance(rows, np.random.default_rng(0))
    assert near == pytest.approx(1.0)
    assert chance == pytest.approx(0.5, abs=0.02)
    assert p_near == pytest.approx(1.0)
    assert p_far == pytest.approx(0.25, abs=0.02)
