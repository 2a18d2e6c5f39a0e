"""The verdicts on the theory: right tables pass, tampered ones do not."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.theory import error_explained, optimizers_agree, times_predicted
from analysis.claims.theory_evidence import TheoryEvidence

CLAIMS = ("C1", "C2", "C3")


def _optimizers(**verdicts: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {"optimizer": name, "claim": claim, "verdict": verdict}
        for name, found in verdicts.items()
        for claim, verdict in zip(CLAIMS, found, strict=True)
    ]
    return pd.DataFrame(rows, columns=["optimizer", "claim", "verdict"])


def _errors(left: float = 1e-4, tangent: float = 1e-15, covariance: float = 0.2) -> pd.DataFrame:
    names = ("nothing", "step size", "alignment", "input covariance", "small start")
    errors = (0.27, 0.26, 0.22, left, 0.0)
    changes = (0.0, 0.02, 0.2, covariance, left)
    rows = [
        {"hierarchy": "toy", "initialisation": start, "taken_away": name, "order": order,
         "error": error, "contribution": change}
        for start in ("random", "aligned")
        for order, (name, error, change) in enumerate(zip(names, errors, changes, strict=True))
    ]  # fmt: skip
    rows.append({**rows[0], "taken_away": "first_order", "order": -1, "error": tangent})
    return pd.DataFrame(rows)


def _times(**changed: object) -> pd.DataFrame:
    row: dict[str, object] = {
        "hierarchy": "toy", "matched": 90, "missed": 30, "large": 40, "missed_large": 5,
        "unforeseen": 5,
        "median_error": 5.0, "worst_error": 30.0, "median_widths": 0.03, "worst_widths": 0.2,
        "bias": 4.0, "inside": 0.8, "chance_share": 0.3,
    }  # fmt: skip
    rows = [{"estimator": name, **row, **changed} for name in ("bif", "unrolled")]
    rows += [{"estimator": "loo_1", **row, "bias": 40.0}]
    rows += [{"estimator": "unrolled_aligned", **row, "missed": changed.get("aligned_missed", 0)}]
    rows[-1]["matched"] = 90
    return pd.DataFrame(rows)


def _evidence(**tables: pd.DataFrame) -> TheoryEvidence:
    held = ("replicated", "partly", "replicated")
    same = {"errors": _errors(), "times": _times(), "optimizers": _optimizers(a=held, b=held)}
    given = {**same, **tables}
    named = {"closed_form_error": given["errors"], "times_summary": given["times"]}
    return TheoryEvidence(
        tables=EvidenceTables(named | {"optimizers": given["optimizers"]}), seed=0,
        hierarchies=("toy",), optimizers=("a", "b", "c"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "verdict", "says"),
    [
        (("replicated", "partly", "replicated"), "replicated", "b keeps all"),
        (("replicated", "partly", "partly"), "not replicated", "b weakens C3"),
        (("not replicated", "not run", "replicated"), "not replicated", "b loses C1, C2"),
        (("replicated", "undecided", "replicated"), "undecided", "b leaves C2 undecided"),
    ],
)
def test_claims_survive_an_optimizer_or_do_not(other, verdict, says):
    held = ("replicated", "partly", "replicated")
    found = optimizers_agree(_evidence(optimizers=_optimizers(a=held, b=other))).finding
    assert found.verdict == verdict
    assert says in found.measured
    some = optimizers_agree(_evidence(optimizers=_optimizers(a=held, b=other, c=held))).finding
    assert some.verdict == ("partly" if verdict == "not replicated" else verdict)


def test_without_a_comparison_there_is_no_verdict():
    held = ("replicated", "partly", "replicated")
    alone = optimizers_agree(_evidence(optimizers=_optimizers(a=held))).finding
    assert (alone.verdict, alone.reason) == ("not run", "two optimizers are needed to compare")
    nothing = _optimizers(a=("not run",) * 3, b=held)
    assert "nothing to survive" in optimizers_agree(_evidence(optimizers=nothing)).finding.reason


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "replicated"),
        ({"unforeseen": 60}, "partly"),
        ({"matched": 0, "unforeseen": 0, "missed_large": 40}, "partly"),  # nothing measured
        ({"median_widths": 0.2}, "partly"),
        ({"chance_share": 0.9}, "partly"),  # no better than other pairs' predictions
        ({"missed_large": 20}, "partly"),
        ({"aligned_missed": 60}, "partly"),
        ({"unforeseen": 60, "missed_large": 20, "aligned_missed": 60}, "not replicated"),
    ],
)
def test_times_count_only_where_theory_foresees_them(changed, verdict):
    found = times_predicted(_evidence(times=_times(**changed))).finding
    assert found.verdict == verdict
    assert "toy +40" in found.reason
    assert "nan" not in found.measured + found.interval


def test_a_bif_that_cannot_be_predicted_counts_against():
    times = _times()
    alone = times[times["estimator"] != "bif"]
    assert times_predicted(_evidence(times=alone)).finding.verdict == "partly"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "replicated"),
        ({"left": 0.05}, "partly"),
        ({"tangent": 1e-3}, "partly"),
        ({"covariance": 0.01}, "partly"),
        ({"left": 0.3, "tangent": 1e-3, "covariance": 0.01}, "not replicated"),
    ],
)
def test_the_error_is_explained_or_not(changed, verdict):
    assert error_explained(_evidence(errors=_errors(**changed))).finding.verdict == verdict


def test_missing_theory_is_not_run():
    assert error_explained(_evidence(errors=_errors().iloc[:0])).finding.verdict == "not run"
    assert times_predicted(_evidence(times=_times().iloc[:0])).finding.verdict == "not run"
