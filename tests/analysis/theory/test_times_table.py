"""Predicted beside measured events, as tables."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.theory.matching import Matching, table_of
from analysis.theory.predicted_times import Training, expected_strength
from analysis.theory.times_table import TRAINING, Predictions, predictions, times_tables
from models.toy.hierarchy import Hierarchy

SMALL = {"thing": {"animal": ["dog", "sparrow"], "plant": ["rose", "oak"]}}
HOW = {"steps": 500, "checkpoint_every": 20, "nbeta": 80.0, "gamma": 1000.0}


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(Hierarchy.from_mapping(SMALL), 0.05, expected_strength(0.01, 16, "random"), 16)


@pytest.fixture(scope="module")
def said(training) -> Predictions:
    return predictions(training, **HOW)


def measured(said: Predictions, shift: float = 0.0) -> pd.DataFrame:
    """The predicted events as if two estimators had found them."""
    own = table_of(said.events[TRAINING])
    own[["step", "ci_low", "ci_high"]] += shift
    return pd.concat([own.assign(estimator="unrolled"), own.assign(estimator="loo_1")])


def test_what_happens_as_predicted_is_matched_whole(said):
    events = measured(said, shift=3.0)
    times, summary = times_tables(said, events, Matching(), seed=0)
    found = summary.set_index("estimator")
    for label in ("unrolled", "loo_1"):
        row = found.loc[label]
        assert row["prediction"] == TRAINING
        assert row["matched"] == len(events) / 2 > 10
        assert (row["missed"], row["unforeseen"], row["median_error"]) == (0, 0, 3.0)
        assert row["chance_share"] < 1
    assert (times.loc[times["estimator"] == "unrolled", "error"] - 3).abs().max() < 1e-9
    assert found.loc["bif", "matched"] == 0  # told even where it has no event
    assert found.loc["bif", "missed"] > 0
    near = times_tables(said, events, Matching(farthest=1e-4), seed=0)[1].set_index("estimator")
    assert near.loc["unrolled", "matched"] == 0  # 3 steps are more than that of any width


def test_rows_of_events_may_come_in_any_order(said):
    events = measured(said, shift=3.0)
    both = [
        times_tables(said, given, Matching(), seed=0)[1].set_index("estimator").sort_index()
        for given in (events, events.sample(frac=1, random_state=0))
    ]
    pd.testing.assert_frame_equal(*both)


def test_a_coarser_resolution_foresees_fewer_events(training, said):
    # Measured events are looked for at the same one: theory alone at 0.001 would miss them all.
    coarse = predictions(training, **HOW, resolution=0.1)
    counts = [sum(map(len, one.events[TRAINING].values())) for one in (said, coarse)]
    assert counts[0] > counts[1] > 0
    assert len(coarse.aligned) < len(said.aligned)
