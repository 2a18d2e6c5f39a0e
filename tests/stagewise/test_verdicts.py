"""Verdicts on the small workflow's tables: each falls when its evidence does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.claims.evidence import EvidenceTables
from analysis.claims.toy import localisation_helps, shapes_agree, windows_follow
from analysis.claims.toy_evidence import ToyEvidence
from analysis.claims.toy_extensions import instantaneous, symmetry
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

    steps, bif = evidence.seed_curves("bif")
    for sign, verdict in ((1, "replicated"), (-1, "not replicated")):
        made = evidence.tables["windows"].sort_values(["end", "start"], kind="stable").copy()
        made = made[made["end"] - made["start"] == 40].sort_values("start", kind="stable")
        there = [
            np.interp(start + 20, steps, bif[0, :, i, j])
            for start in sorted(made["start"].unique())
            for i in range(9)
            for j in range(9)
        ]
        made["end_effect"] = made["largest_effect"] = sign * np.array(there)
        assert windows_follow(tampered(evidence, windows=made)).finding.verdict == verdict

    closed = evidence.influence["closed_form"]
    same = [
        closed.assign(estimator=name, eta=eta)
        for name, eta in (("bif", np.nan), ("closed_form", np.nan), ("loo", 1.0))
    ]
    whole = tampered(evidence, influence=pd.concat(same, ignore_index=True))
    assert shapes_agree(whole).finding.verdict == "replicated"
    turned = [*same[:2], same[2].assign(influence=-same[2]["influence"])]
    whole = tampered(evidence, influence=pd.concat(turned, ignore_index=True))
    assert shapes_agree(whole).finding.verdict != "replicated"

    sweep = evidence.tables["sweep"].copy()
    sweep["agreement"] = np.log(sweep["gamma"]) - sweep["relative_step"]
    sweep["ci_low"] = sweep["agreement"]
    assert localisation_helps(tampered(evidence, sweep=sweep)).finding.verdict != "not replicated"
    sweep["agreement"] = sweep["ci_low"] = -np.log(sweep["gamma"]) + sweep["relative_step"]
    assert localisation_helps(tampered(evidence, sweep=sweep)).finding.verdict == "not replicated"

    rows = evidence.trajectories.copy()
    theory = rows["label"] == "closed_form"
    odd = theory & (rows["source"] == evidence.tree.items[0])
    rows.loc[odd, "mean"] *= 1.5
    assert symmetry(tampered(evidence, trajectories=rows)).finding.verdict != "replicated"
