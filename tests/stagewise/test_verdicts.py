"""Verdicts on the small workflow's tables: each falls when its evidence does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.localisation import localisation_helps
from analysis.claims.shape_agreement import shapes_agree
from analysis.claims.toy_evidence import ToyEvidence
from analysis.claims.toy_extensions import instantaneous, symmetry
from analysis.claims.window_effects import windows_follow
from stagewise.config import load_config
from stagewise.tasks.merge.evidence import toy_evidence

pytestmark = [pytest.mark.pipeline, pytest.mark.xdist_group("pipeline")]


@pytest.fixture(scope="module")
def evidence(run) -> ToyEvidence:
    return toy_evidence(load_config([run.config]), run.paths)


def tampered(evidence: ToyEvidence, **tables) -> ToyEvidence:
    """The evidence with other tables."""
    return replace(evidence, tables=EvidenceTables({**evidence.tables, **tables}))


def test_verdicts_fall_when_the_evidence_does(evidence):
    # A claim that cannot fail is no claim: tamper with the tables and see the verdict follow.
    assert instantaneous(evidence).finding.verdict == "replicated"
    errors = evidence.tables["limit_errors"].copy()
    errors.loc[errors["limit"] == "gamma", "mean"] *= 1e4
    assert instantaneous(tampered(evidence, limit_errors=errors)).finding.verdict == "partly"
    adam = instantaneous(replace(evidence, optimizer="adam")).finding
    assert (adam.verdict, adam.reason[:12]) == ("not run", "the constant")

    for decide in (windows_follow, shapes_agree, localisation_helps):
        one_seed = decide(evidence).finding  # what they say where the truth is known: test_power
        assert one_seed.verdict == "undecided"
        assert "one run, no interval" in one_seed.interval

    rows = evidence.trajectories.copy()
    theory = rows["label"] == "closed_form"
    odd = theory & (rows["source"] == evidence.tree.items[0])
    rows.loc[odd, "mean"] *= 1.5
    assert symmetry(tampered(evidence, trajectories=rows)).finding.verdict != "replicated"
