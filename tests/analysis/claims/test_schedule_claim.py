"""X10: its verdict follows paired differences; its power and false alarms, on synthetic runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.schedules import DECIDING, influence_spends

ARMS = ("bif", "bif_others", "even", "uniform", "static", "even_others", "static_others")
BETWEEN, WITHIN = 60.0, 113.0  # steps; two arms then differ by 160, as none and uniform do in C9


def runs(gain: float, number: int, rng: np.random.Generator) -> pd.DataFrame:
    """Runs in which the arms that follow influence are `gain` steps faster than all others."""
    base = 450 + BETWEEN * rng.standard_normal(number)
    rows = []
    for arm in ARMS:
        when = base + WITHIN * rng.standard_normal(number) - gain * (arm in DECIDING)
        rows += [
            {"target": "induction", "arm": arm, "seed": seed, "crossing": step, "loss": 1.0,
             "censored": False}
            for seed, step in enumerate(when)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def found(table: pd.DataFrame):
    evidence = LanguageEvidence(
        tables=EvidenceTables({"schedules": table}), seed=0, model="m",
        runs={"schedules": "this run"},
    )  # fmt: skip
    return influence_spends(evidence).finding


def shares(gain: float, number: int, times: int = 150) -> dict[str, float]:
    rng = np.random.default_rng(0)
    verdicts = [found(runs(gain, number, rng)).verdict for _ in range(times)]
    return {name: verdicts.count(name) / times for name in sorted(set(verdicts))}


def test_power_and_false_alarms_are_those_that_are_written_down():
    # The numbers of docs/explanation/rules-of-verdict/x10.md.
    nothing = shares(0.0, 8)
    assert nothing.get("replicated", 0.0) == 0.0
    assert nothing["undecided"] == pytest.approx(0.90, abs=0.06)
    assert shares(100.0, 8)["undecided"] > 0.9
    assert shares(200.0, 8)["replicated"] == pytest.approx(0.55, abs=0.1)
    assert shares(300.0, 8)["replicated"] > 0.9
    assert shares(-200.0, 8)["not replicated"] > 0.95


def test_each_verdict():
    rng = np.random.default_rng(1)
    good, bad = runs(900.0, 8, rng), runs(-900.0, 8, rng)
    assert found(good).verdict == "replicated"
    assert found(bad).verdict == "not replicated"
    assert found(runs(0.0, 4, rng)).verdict == "undecided"
    mixed = good.assign(crossing=good["crossing"].where(good["arm"] != "static", -9e3))
    assert found(mixed).verdict == "partly"


def test_arms_that_do_the_same_are_no_gain():
    table = runs(900.0, 8, np.random.default_rng(0)).set_index(["arm", "seed"])
    table.loc["uniform", "crossing"] = table.loc["bif", "crossing"].to_numpy()
    finding = found(table.reset_index())
    assert finding.verdict == "partly"
    assert "bif − uniform: +0 (the same in 8 of 8)" in finding.measured


def test_runs_in_which_no_arm_passes_tell_nothing():
    table = runs(0.0, 8, np.random.default_rng(0)).assign(crossing=600.0, censored=True)
    finding = found(table)
    assert finding.verdict == "undecided"
    assert "the same in" not in finding.measured
    assert "never passed: bif 8, bif_others 8" in finding.reason


def test_missing_runs_and_arms_are_said():
    table = runs(0.0, 8, np.random.default_rng(0))
    assert found(table[table["seed"] == 0]).reason.startswith("1 run(s)")
    assert "the arm static was not tried" in found(table[table["arm"] != "static"]).reason
