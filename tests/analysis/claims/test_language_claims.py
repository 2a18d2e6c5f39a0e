"""Verdicts on language models follow the evidence, and fall with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.language import (
    delimiters_flip,
    events_align,
    gradients_agree,
    induction_strengthens,
)
from analysis.claims.language_evidence import LanguageEvidence, of_model
from analysis.claims.language_interventions import influence_predicts, timing_matters
from analysis.interventions.summaries import threshold_time_differences
from analysis.statistics.alignment import joint_alignment

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


def tables(*, peak=320.0, flip="to_harmful", inside=-80.0, near=True) -> dict[str, pd.DataFrame]:
    """Three runs whose induction forms between 250 and 400, half of it at 320."""
    stages, curves, events, passed = [], [], [], []
    for seed in SEEDS:
        for name, times in (("word", (50, 70, 100)), ("induction", (250, 320, 400))):
            named = dict(zip(("start", "middle", "end"), times, strict=True))
            stages.append({"stage": name, "seed": seed, **named})
        normal = np.interp(STEPS, [0, 250, 400, 800, 1000], [-0.01, -0.01, -0.05, -0.06, -0.02])
        for step, mean in zip(STEPS, normal, strict=True):
            curves.append({"experiment": f"language/m/seed{seed}", "label": "bif_normalized",
                           "step": step, "source": "induction", "target": "induction",
                           "mean": mean, "low": mean - 0.005, "high": mean + 0.005})  # fmt: skip
            for label in ("bif", "gradient"):
                curves.append({**curves[-1], "label": label})
        events.append(event(seed, "induction", "induction", "peak", "minimum", peak))
        for step in (70.0, 255.0, 398.0) if near else (150.0, 175.0, 700.0):
            for pair in ("word", "repeat_start", "first_mention"):
                events.append(event(seed, pair, pair, "peak", "minimum", step))
        if flip:
            pair = ("left_delimiter", "right_delimiter")
            for estimator in ("bif", "gradient"):
                events.append(event(seed, *pair, "flip", flip, 398.0, estimator=estimator))
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
    assert verdict(induction_strengthens, tables(peak=700.0)) == "partly"
    assert verdict(delimiters_flip, tables(flip="to_helpful")) == "not replicated"
    assert verdict(timing_matters, tables(inside=60.0)) == "not replicated"
    assert verdict(timing_matters, tables(inside=-12.0)) == "partly"  # slower than uniform
    assert verdict(events_align, tables(near=False, peak=175.0, flip="")) != "replicated"
    worse = tables()
    worse["localisation_summary"]["ratio"] = [1.0, 1.5]
    assert verdict(gradients_agree, worse) == "partly"
    worse["forecast_means"]["low"] = -0.5
    assert verdict(influence_predicts, worse) == "not replicated"


def test_missing_evidence_is_no_verdict():
    found = tables()
    found["transitions"].loc[found["transitions"]["stage"] == "induction", "end"] = np.nan
    claim = induction_strengthens(evidence(found))
    assert claim.finding.verdict == "not run"
    assert "induction is not learnt within the training of seed 0" in claim.finding.reason
    single = tables()
    single["threshold_times"] = single["threshold_times"][single["threshold_times"]["seed"] == 0]
    assert timing_matters(evidence(single)).finding.verdict == "not run"


@pytest.mark.parametrize(("first", "name"), [(True, "C8"), (False, "C8 m")])
def test_claims_name_their_model(first, name):
    claim = of_model(delimiters_flip(evidence(tables())), "m", first=first)
    assert claim.id == name
    assert claim.claim.endswith("(m)")
    assert claim.figure == "induction_and_delimiters_m"


def test_events_without_relation_to_stages_seldom_align():
    # Calibration: 8 runs alike, events and stages drawn apart. A p-value per run, combined as if
    # independent, rejected in nearly all such cases.
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        marks, events = rng.uniform(1, 25, 7), rng.uniform(1, 25, 15)
        runs = [(events + rng.normal(0, 0.3, 15), marks + rng.normal(0, 0.3, 7)) for _ in range(8)]
        found.append(joint_alignment(runs, (0.5, 25.5), rng, shifts=500)[2])
    assert np.mean(np.array(found) < 0.05) < 0.1
    near = [(marks + 0.1, marks) for marks in (rng.uniform(1, 25, 5) for _ in range(3))]
    assert joint_alignment(near, (0.5, 25.5), rng)[2] < 0.01


def test_a_window_that_misses_the_forming_is_not_inside():
    found = tables()
    found["transitions"].loc[found["transitions"]["stage"] == "induction", ["start", "middle"]] = (
        900.0, 950.0,
    )  # fmt: skip
    claim = timing_matters(evidence(found))
    assert claim.finding.verdict == "not run"
    assert "no window lies where induction forms" in claim.finding.reason


def test_another_class_cannot_void_the_verdict_on_induction():
    found = tables()
    other = found["threshold_times"].assign(
        **{"class": "right_delimiter", "outcome": "delimiter_kind"}
    )
    found["threshold_times"] = pd.concat([found["threshold_times"], other], ignore_index=True)
    claim = timing_matters(evidence(found)).finding
    assert claim.verdict == "replicated"
    assert "right_delimiter: delimiter_kind is not half learnt" in claim.measured


def test_of_two_windows_that_overlap_equally_the_earlier_is_inside():
    # Whatever the order of rows; without it -80 would be told of the one, 0 of the other.
    found = tables()
    times = found["threshold_times"].replace({"stop": {240: 285}, "start": {240: 285}})
    told = []
    for rows in (times, times.iloc[::-1].reset_index(drop=True)):
        told.append(timing_matters(evidence(found | {"threshold_times": rows})).finding.measured)
    assert told[0] == told[1]
    assert "inside minus windows before: -6" in told[0]
