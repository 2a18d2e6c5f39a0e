"""Schedules of extra weight in the workflow: one budget, and the arms of C9 among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.interventions.arms import ARMS, CHOOSERS
from stagewise.provenance.store import read_table
from tests.stagewise.test_language_pipeline import MODEL, stage

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("pipeline")]


@pytest.fixture
def schedules(run) -> pd.DataFrame:
    return read_table(run.paths.language(MODEL).whole("schedules"))


def test_every_arm_spends_the_same(schedules):
    assert set(ARMS) - {"windows"} <= set(schedules["arm"])
    assert (schedules.loc[schedules["arm"] == "none", "spent"] == 0).all()
    for _, group in schedules[schedules["arm"] != "none"].groupby("seed"):
        less = group["arm"].str.startswith("less_")
        assert np.ptp(group.loc[~less, "spent"]) < 1e-9
        assert group.loc[~less, "spent"].iloc[0] > 0
        assert np.ptp(group.loc[less, "spent"]) < 1e-9
        assert group.loc[less, "spent"].iloc[0] < 0


def test_windows_and_even_time_are_the_arms_of_up_weighting(run, schedules):
    times = read_table(run.paths.language(MODEL).whole("threshold_times"))
    both = times[times["class"] == "induction"].merge(schedules, on=["arm", "seed"])
    assert set(both["arm"]) == {"none", "uniform", "0-8", "8-16", "16-24"}
    assert (both["crossing_x"] == both["crossing_y"]).all()
    assert (both["censored_x"] == both["censored_y"]).all()


def test_choices_are_renewed_and_leave_the_target_out_where_they_should(run):
    choices = read_table(run.paths.language(MODEL).whole("schedule_choices"))
    assert set(choices["step"]) == {0, 12}
    for by in ("bif", "gradient", "oracle"):
        assert (choices[choices["arm"] == by].groupby("seed").size() == 2).all()
    assert (choices[choices["arm"] == "static"].groupby("seed").size() == 1).all()
    others = choices["arm"].str.endswith("_others") | choices["arm"].str.startswith("less_")
    assert not (choices.loc[others, "class"] == "induction").any()
    assert {f"{by}_others" for by in CHOOSERS} <= set(choices["arm"])


def test_a_command_says_that_nothing_is_asked_for(run):
    key = f"language.models.{MODEL}.schedules"
    done = stage(run, "schedules", MODEL, "--seed", "11", "--set", f"{key}=null", results="never")
    assert done.returncode == 1
    assert f"{key} = null: say what is to be tried" in done.stderr
