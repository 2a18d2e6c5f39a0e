"""The claims' machinery: grading, missing evidence, the printed table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.claims import core
from analysis.claims.branching import branches_align
from analysis.claims.core import (
    Finding,
    claim,
    claims_of,
    graded,
    over_seeds,
    rules,
    to_markdown,
)
from analysis.claims.evidence import (
    Evidence,
    EvidenceTables,
    NoEvidence,
    UndeclaredTableError,
)
from analysis.claims.toy import learnt_top_down
from analysis.claims.toy_evidence import ToyEvidence
from analysis.claims.toy_extensions import ladder, ladder_times
from analysis.statistics.branch_points import branch_points
from analysis.statistics.correlation import correlations
from analysis.statistics.distinction_peaks import distinction_peaks
from analysis.statistics.event_tables import COLUMNS
from analysis.statistics.removal_times import removal_times


def evidence(tree, **tables: pd.DataFrame) -> ToyEvidence:
    """Evidence with the tables given and what follows from their events, and nothing else."""
    if "events" in tables:
        tables["removal_times"] = removal_times(tables["events"])
    if {"events", "transitions"} <= tables.keys():
        both = tables["events"], tables["transitions"]
        tables["distinction_peaks"] = distinction_peaks(*both, tree)
        tables["branch_points"] = branch_points(*both, tree, "toy")
    return ToyEvidence(
        tables=EvidenceTables(tables), seed=0, tree=tree, focus=tree.focus(),
        optimizer="gradient_descent", checkpoint_every=20,
    )  # fmt: skip


def event(estimator: str, direction: str, step: float, value: float) -> dict[str, Any]:
    kind = "flip" if direction.startswith("to_") else "peak"
    return {
        "experiment": "toy", "estimator": estimator, "source": "dog", "target": "cat",
        "kind": kind, "step": step, "ci_low": step - 5, "ci_high": step + 5,
        "direction": direction, "q_value": 0.0, "value": value,
    }  # fmt: skip


def walk(estimator: str, low: float, flip: float, high: float) -> list[dict[str, Any]]:
    return [
        event(estimator, "minimum", low, -1.0),
        event(estimator, "to_harmful", flip, 0.0),
        event(estimator, "maximum", high, 1.0),
        event(estimator, "maximum", high + 300, 0.1),
    ]


@pytest.mark.parametrize(
    ("held", "verdict"),
    [([True, True], "replicated"), ([True, False], "partly"), ([False], "not replicated")],
)
def test_grading(held, verdict):
    assert graded(held) == verdict


@pytest.fixture
def apart(monkeypatch) -> None:
    """What a test declares is no claim of the project."""
    monkeypatch.setattr(core, "RULES", {})


@pytest.mark.usefixtures("apart")
def test_missing_evidence_is_not_run_with_the_reason(tree):
    @claim("C0", "text", origin="paper", room="toy", figure="figure", reads=())
    def nothing(e: Evidence) -> Finding:
        raise NoEvidence("no peak was found")

    found = nothing(evidence(tree))
    assert (found.finding.verdict, found.finding.reason) == ("not run", "no peak was found")
    assert "| C0 | text |" in to_markdown([found])
    with pytest.raises(NoEvidence):
        over_seeds([])
    with pytest.raises(NoEvidence):
        over_seeds([0.5, np.nan])
    assert over_seeds([0.5])[2] == "one run, no interval"
    # Student's t on two degrees of freedom: 4.30 standard errors of 0.1 / sqrt(3).
    assert over_seeds([0.4, 0.5, 0.6])[1:] == ("0.50", "[0.25, 0.75]")


@pytest.mark.parametrize("decide", [learnt_top_down, branches_align])
def test_a_training_without_peaks_decides_nothing(tree, decide):
    transitions = pd.DataFrame(
        [{"seed": 0, "stage": "s", "node": n.name, "depth": 0, "start": np.nan, "middle": np.nan,
          "end": np.nan, "theory_middle": np.nan, "knee": 20.0, "fastest": 40.0}
         for n in tree.distinctions()]
    )  # fmt: skip
    none = pd.DataFrame(columns=COLUMNS)
    found = decide(evidence(tree, events=none, transitions=transitions)).finding
    assert (found.verdict, found.reason[:10]) == ("not run", "no harmful")


@pytest.mark.usefixtures("apart")
def test_a_claim_reads_what_it_declares_and_nothing_else(tree):
    @claim("C0", "text", origin="paper", room="toy", figure="figure", reads=("sweep",))
    def greedy(e: Evidence) -> Finding:
        return Finding(str(e.tables["events"]), "", "", "replicated", "")

    with pytest.raises(UndeclaredTableError, match=r"claim C0 reads 'events', but declares"):
        greedy(evidence(tree, events=pd.DataFrame(columns=COLUMNS)))


def test_claims_are_found_in_their_files_and_in_order():
    ids = [rule.id for rule in rules()]
    assert ids[:11] == [f"C{k}" for k in range(1, 12)]
    assert ids[11:] == [f"X{k}" for k in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)]
    assert [rule.id for rule in claims_of("theory")] == ["C4", "C11", "X3", "X8", "X9"]


def test_ladder_needs_order_and_agreement(tree):
    labels = ["loo_1", "loo_0.1", "unrolled", "bif"]
    curves = pd.DataFrame({"label": labels})
    good = [*walk("loo_1", 210, 430, 515), *walk("loo_0.1", 195, 365, 450),
            *walk("unrolled", 190, 355, 440), *walk("bif", 200, 330, 445)]  # fmt: skip
    e = evidence(tree, trajectories=curves, events=pd.DataFrame(good))
    times = ladder_times(e.tables["removal_times"], "bif", "dog", "cat")
    np.testing.assert_array_equal(times, [200, 330, 445])
    assert ladder(e).finding.verdict == "replicated"
    swapped = pd.DataFrame(good).replace(
        {"estimator": {"loo_1": "loo_0.1", "loo_0.1": "loo_1", "bif": "unrolled"}}
    )
    assert ladder(evidence(tree, trajectories=curves, events=swapped)).finding.verdict != (
        "replicated"
    )
    flat = pd.DataFrame(columns=COLUMNS)
    assert ladder(evidence(tree, trajectories=curves, events=flat)).finding.verdict == "not run"


def test_correlations_over_time_by_pair():
    steps = np.linspace(0, 1, 20)[:, None, None]
    first = np.sin(6 * steps) * np.ones((1, 3, 3))
    second = first.copy()
    second[:, 0, 1] *= -2
    np.testing.assert_allclose(correlations(first, second), [-1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(correlations(first, 0 * second), 0)
