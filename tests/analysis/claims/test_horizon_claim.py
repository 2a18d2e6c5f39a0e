"""X11: its verdict follows the correlations; its power and false alarms, on synthetic starts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.horizons import horizons
from analysis.claims.toy_evidence import ToyEvidence
from models.toy.hierarchy import Hierarchy

TREE = Hierarchy.from_mapping({"thing": {"animal": ["dog", "cat"], "plant": ["rose", "oak"]}})
BETWEEN = 0.1  # standard deviation between starts of a correlation, mean over a run's windows


def starts(at_last: float, carried: float, rng: np.random.Generator, number: int = 10):
    """Correlations that fall to `at_last` at the instant, and to `carried` transported."""
    rows = []
    for change in (-1.0, 1.0):
        for predictor, last in (
            ("instantaneous", at_last), ("bif_gaussian", at_last), ("transported", carried),
        ):  # fmt: skip
            for seed in range(number):
                noise = BETWEEN * rng.standard_normal()
                for horizon, share in ((1, 0.0), (20, 0.5), (400, 1.0)):
                    rank = 1 + share * (last + noise - 1)
                    rows.append({"seed": seed, "step": 0, "horizon": horizon, "change": change,
                                 "predictor": predictor, "rank": rank, "sign": 1.0})  # fmt: skip
    return pd.DataFrame(rows)


def found(table: pd.DataFrame):
    evidence = ToyEvidence(
        tables=EvidenceTables({"horizons": table}), seed=0, tree=TREE, focus=("dog", "cat"),
        optimizer="gradient_descent", checkpoint_every=20,
    )  # fmt: skip
    return horizons(evidence).finding


def shares(at_last: float, carried: float, times: int = 150) -> dict[str, float]:
    rng = np.random.default_rng(0)
    verdicts = [found(starts(at_last, carried, rng)).verdict for _ in range(times)]
    return {name: verdicts.count(name) / times for name in sorted(set(verdicts))}


def test_power_and_false_alarms_are_those_that_are_written_down():
    # The numbers of docs/explanation/rules-of-verdict/x11.md.
    assert shares(0.3, 0.95)["replicated"] > 0.9
    assert shares(0.4, 0.9)["replicated"] == pytest.approx(0.4, abs=0.15)
    assert shares(0.5, 0.95).get("replicated", 0.0) < 0.05
    assert shares(0.3, 0.8).get("replicated", 0.0) < 0.05
    assert shares(0.7, 0.6)["not replicated"] > 0.9


def test_each_verdict():
    rng = np.random.default_rng(0)
    assert found(starts(-0.2, 0.97, rng)).verdict == "replicated"
    assert found(starts(0.9, 0.5, rng)).verdict == "not replicated"
    assert found(starts(-0.2, 0.5, rng)).verdict == "partly"
    assert found(starts(0.5, 0.97, rng)).verdict == "undecided"


def test_turns_are_told():
    finding = found(starts(-0.2, 0.97, np.random.default_rng(0)))
    assert finding.measured.startswith("−g·g: -0.")
    assert "below 0.5 from step " in finding.measured
    assert "transported, doubled: at least 0.9" in finding.measured


def test_missing_starts_changes_and_predictions_are_said():
    table = starts(0.0, 1.0, np.random.default_rng(0))
    assert found(table[table["seed"] == 0]).reason.startswith("1 start(s)")
    assert "+1 on a sample's weight" in found(table[table["change"] == -1.0]).reason
    small = table[table["predictor"] != "bif_gaussian"]
    assert "BIF was not measured" in found(small).reason
    part = table.drop(table.index[(table["seed"] == 3) & (table["horizon"] == 20)])
    assert "undefined in a start" in found(part).reason
