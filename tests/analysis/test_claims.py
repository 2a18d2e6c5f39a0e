"""The claims' machinery: grading, missing evidence, the printed table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.claims.core import (
    Evidence,
    Finding,
    NoEvidence,
    claim,
    correlations,
    graded,
    over_seeds,
    to_markdown,
)
from analysis.claims.toy import branches_align, learnt_top_down
from analysis.claims.toy_extensions import ladder, ladder_times
from stagewise.tasks.toy.events import COLUMNS


def evidence(tree, **tables: pd.DataFrame) -> Evidence:
    """Evidence with the tables given and nothing else."""
    empty: dict[str, Any] = dict.fromkeys(
        ("trajectories", "events", "transitions", "windows", "sweep", "limit_errors"),
        pd.DataFrame(),
    )
    return Evidence(
        tree=tree, focus=tree.focus(), optimizer="gradient_descent",
        checkpoint_every=20, influence={}, seed=0, **{**empty, **tables},
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


def test_missing_evidence_is_not_run_with_the_reason(tree):
    @claim("C0", "text", "paper", "figure")
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
    none = pd.DataFrame(columns=list(COLUMNS))
    assert decide(evidence(tree, events=none, transitions=transitions)).finding.verdict == "not run"


def test_ladder_needs_order_and_agreement(tree):
    labels = ["loo_1", "loo_0.1", "unrolled", "bif"]
    curves = pd.DataFrame({"label": labels})
    good = [*walk("loo_1", 210, 430, 515), *walk("loo_0.1", 195, 365, 450),
            *walk("unrolled", 190, 355, 440), *walk("bif", 200, 330, 445)]  # fmt: skip
    e = evidence(tree, trajectories=curves, events=pd.DataFrame(good))
    np.testing.assert_array_equal(ladder_times(e, "bif", "dog", "cat"), [200, 330, 445])
    assert ladder(e).finding.verdict == "replicated"
    swapped = pd.DataFrame(good).replace(
        {"estimator": {"loo_1": "loo_0.1", "loo_0.1": "loo_1", "bif": "unrolled"}}
    )
    assert ladder(evidence(tree, trajectories=curves, events=swapped)).finding.verdict != (
        "replicated"
    )
    flat = pd.DataFrame(columns=list(COLUMNS))
    assert ladder(evidence(tree, trajectories=curves, events=flat)).finding.verdict == "not run"


def test_correlations_over_time_by_pair():
    steps = np.linspace(0, 1, 20)[:, None, None]
    first = np.sin(6 * steps) * np.ones((1, 3, 3))
    second = first.copy()
    second[:, 0, 1] *= -2
    np.testing.assert_allclose(correlations(first, second), [-1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(correlations(first, 0 * second), 0)
