"""Verdicts on language models follow the evidence, and fall with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.claims.delimiters import delimiters_flip
from analysis.claims.development import events_align
from analysis.claims.evidence import EvidenceTables
from analysis.claims.forecasts import influence_predicts
from analysis.claims.gradient_alignment import gradients_agree
from analysis.claims.induction import induction_strengthens, read_run
from analysis.claims.language_evidence import LanguageEvidence, of_model
from analysis.claims.timing import timing_matters
from analysis.interventions.summaries import threshold_time_differences

SEEDS = (0, 1, 2)
STEPS = np.array(
    [0, 25, 50, 75, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 700, 800, 900, 1000]
)


def event(seed, source, target, kind, direction, step, *, estimator="bif", value=-1.0):
    return {
        "experiment": f"language/m/seed{seed}", "estimator": estimator, "source": source,
        "target": target, "kind": kind, "direction": direction, "step": step,
        "ci_low": step - 20, "ci_high": step + 20, "q_value": 0.01, "value": value,
    }  # fmt: skip


def curve(seed, label, pair, steps, values, error=0.002):
    return [
        {"experiment": f"language/m/seed{seed}", "label": label, "step": step, "source": pair[0],
         "target": pair[1], "mean": mean, "low": mean - error, "high": mean + error}
        for step, mean in zip(STEPS, np.interp(STEPS, steps, values), strict=True)
    ]  # fmt: skip


def tables(*, bend=300.0, end=0.02, inside=-80.0, near=True) -> dict[str, pd.DataFrame]:
    """Three runs whose induction forms between 250 and 400, half of it at 320, and whose right
    delimiters are half learnt at 500. Influence of delimiters ends at `end`."""
    stages, curves, events, passed = [], [], [], []
    for seed in SEEDS:
        for name, times in (
            ("unigram", (25, 25, 25)), ("word", (50, 70, 100)), ("induction", (250, 320, 400)),
            ("right_delimiter", (350, 500, np.nan)),
        ):  # fmt: skip
            named = dict(zip(("start", "middle", "end"), times, strict=True))
            stages.append({"stage": name, "seed": seed, **named})
        for label in ("bif", "bif_normalized", "gradient"):
            curves += curve(seed, label, ("induction", "induction"),
                            [0, bend + seed, 700, 1000], [-0.01, -0.01, -0.06, -0.02])  # fmt: skip
            curves += curve(seed, label, ("left_delimiter", "right_delimiter"),
                            [350, 500], [-0.02 - 0.001 * seed, end - 0.001 * seed])  # fmt: skip
        for step in (70.0, 255.0, 398.0) if near else (150.0, 175.0, 700.0):
            for pair in ("word", "repeat_start", "first_mention"):
                events.append(event(seed, pair, pair, "peak", "minimum", step))
        for arm, start, stop, when in (
            ("none", 0, 0, 330), ("0-120", 0, 120, 325 + seed), ("120-240", 120, 240, 320),
            ("240-360", 240, 360, 320 + inside + seed), ("uniform", 0, 360, 300 - seed),
        ):  # fmt: skip
            passed.append({"class": "induction", "outcome": "induction", "threshold": 1.5,
                          "arm": arm, "start": start, "stop": stop, "seed": seed,
                          "crossing": float(when), "censored": False})  # fmt: skip
    limit = pd.DataFrame(
        {"gamma": [1e5, 1e6], "rank": [0.9, 0.99], "sign": [0.9, 1.0], "ratio": [1.2, 1.01],
         "low": [0.8, 0.95], "high": [1.5, 1.05], "noise": 0.05, "pairs": 50}
    )  # fmt: skip
    forecast = pd.DataFrame(
        [
            {"label": label, "stage": "all training", "horizon": 1, "when": when, "mean": mean,
             "low": mean - 0.1, "high": mean + 0.1, "seeds": 3, "from": 0}
            for label in ("bif", "gradient")
            for when, mean in (("now", 0.9), ("end", 0.4), ("difference", 0.5))
        ]
    )  # fmt: skip
    return {
        "transitions": pd.DataFrame(stages), "trajectories": pd.DataFrame(curves),
        "events": pd.DataFrame(events), "threshold_times": pd.DataFrame(passed),
        "threshold_time_differences": threshold_time_differences(pd.DataFrame(passed)),
        "localisation_summary": limit, "forecast_means": forecast,
    }  # fmt: skip


def evidence(found: dict[str, pd.DataFrame]) -> LanguageEvidence:
    runs = dict.fromkeys(found, "this run (3 seeds)")
    return LanguageEvidence(tables=EvidenceTables(found), seed=0, model="m", runs=runs)


def verdict(decide, found) -> str:
    return decide(evidence(found)).finding.verdict


def test_each_claim_holds_where_its_evidence_does():
    found = tables()
    for decide in (
        induction_strengthens, delimiters_flip, timing_matters, gradients_agree,
        influence_predicts, events_align,
    ):  # fmt: skip
        claim = decide(evidence(found))
        assert claim.finding.verdict == "replicated", (claim.id, claim.finding)
        assert "this run (3 seeds)" in claim.finding.reason


def test_each_claim_falls_where_its_evidence_does():
    assert verdict(induction_strengthens, tables(bend=120.0)) == "partly"  # too early
    assert verdict(delimiters_flip, tables(end=-0.02)) == "partly"  # helps throughout
    assert verdict(timing_matters, tables(inside=60.0)) == "not replicated"
    assert verdict(timing_matters, tables(inside=-12.0)) == "replicated"  # uniform is not asked
    assert verdict(events_align, tables(near=False)) != "replicated"
    worse = tables()
    worse["localisation_summary"]["ratio"] = [1.0, 1.5]
    assert verdict(gradients_agree, worse) == "partly"
    worse["forecast_means"]["low"] = -0.5
    assert verdict(influence_predicts, worse) == "undecided"
    worse["forecast_means"]["high"] = -0.1
    assert verdict(influence_predicts, worse) == "not replicated"


def test_an_interval_that_contains_zero_decides_nothing():
    found = tables(end=0.0)
    last = found["trajectories"]["experiment"].str.endswith("seed0")
    found["trajectories"].loc[last & (found["trajectories"]["mean"] == 0.0), "mean"] = 0.01
    decided = delimiters_flip(evidence(found)).finding
    assert decided.verdict == "undecided"
    assert "open: sampled, raw, after (" in decided.reason


def test_runs_that_do_not_learn_are_left_out_and_named():
    found = tables()
    unlearnt = found["transitions"]["stage"] == "induction"
    first = unlearnt & (found["transitions"]["seed"] == 0)
    found["transitions"].loc[first, "end"] = np.nan
    claim = induction_strengthens(evidence(found)).finding
    assert claim.verdict == "replicated"
    assert "induction is not learnt within the training of seed 0" in claim.reason
    found["transitions"].loc[unlearnt, "end"] = np.nan
    claim = induction_strengthens(evidence(found)).finding
    assert claim.verdict == "not run"
    assert "0 run(s) in which induction forms" in claim.reason
    assert "seeds 0, 1, 2" in claim.reason
    single = tables()
    single["threshold_times"] = single["threshold_times"][single["threshold_times"]["seed"] == 0]
    assert timing_matters(evidence(single)).finding.verdict == "not run"


def test_a_short_training_is_not_asked_whether_influence_falls():
    found = tables()
    found["trajectories"] = found["trajectories"][found["trajectories"]["step"] <= 700]
    claim = induction_strengthens(evidence(found)).finding
    assert "falls: too short" in claim.measured
    assert claim.verdict == "replicated"


def test_the_height_is_read_from_its_neighbours():
    # One lucky checkpoint is no height: without it nothing strengthens and nothing falls.
    steps = np.arange(0.0, 1001.0, 50.0)
    mean = np.full(len(steps), -0.01)
    mean[12] = -0.2
    run = read_run(pd.DataFrame({"step": steps, "mean": mean, "error": 0.002}), 250.0, 400.0)
    assert run.change == pytest.approx(0.0)
    assert run.fall == pytest.approx(0.0)


@pytest.mark.parametrize(("first", "name"), [(True, "C8"), (False, "C8 m")])
def test_claims_name_their_model(first, name):
    claim = of_model(delimiters_flip(evidence(tables())), "m", first=first)
    assert claim.id == name
    assert claim.claim.endswith("(m)")
    assert claim.figure == "induction_and_delimiters_m"


def test_a_window_that_misses_the_forming_is_not_inside():
    found = tables()
    found["transitions"].loc[found["transitions"]["stage"] == "induction", ["start", "middle"]] = (
        900.0, 950.0,
    )  # fmt: skip
    claim = timing_matters(evidence(found))
    assert claim.finding.verdict == "undecided"  # by influence there is one, by overlap none
    assert "induction, inside by overlap: 0 run(s)" in claim.finding.measured
    assert "open: inside by overlap (0 of 3 runs)" in claim.finding.reason


def test_another_class_cannot_void_the_verdict_on_induction():
    found = tables()
    other = found["threshold_times"].assign(
        **{"class": "right_delimiter", "outcome": "delimiter_kind"}
    )
    found["threshold_times"] = pd.concat([found["threshold_times"], other], ignore_index=True)
    claim = timing_matters(evidence(found)).finding
    assert claim.verdict == "replicated"
    assert "right_delimiter, inside by overlap: 0 run(s)" in claim.measured


def test_of_two_windows_that_overlap_equally_the_earlier_is_inside():
    # Whatever the order of rows; without it -80 would be told of the one, 0 of the other.
    found = tables()
    times = found["threshold_times"].replace({"stop": {240: 285}, "start": {240: 285}})
    told = []
    for rows in (times, times.iloc[::-1].reset_index(drop=True)):
        told.append(timing_matters(evidence(found | {"threshold_times": rows})).finding.measured)
    assert told[0] == told[1]
    assert "inside by overlap minus windows before: -6" in told[0]
