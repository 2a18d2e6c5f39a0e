"""Tables of two phases: flips where they should be, the sampler, the claim and the figure."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from analysis.claims.evidence import EvidenceTables
from analysis.claims.phases import phases_exchange
from analysis.claims.theory_evidence import TheoryEvidence
from analysis.estimators.sampled_phases import sampled_phases
from analysis.theory.phase_curves import PhaseSettings, SampledPhase, phase_curves
from analysis.theory.phase_numbers import flip_weights
from analysis.theory.potential import TwoWells, exact_moments
from figures.style.common import Tables
from figures.theory.two_phases import draw
from stagewise.config.theory import PhasesConfig

DEFAULT, NAMES = TwoWells(), list(TwoWells().slopes)
TAMPERED = [  # and the part of the true findings that must be gone
    ("mean_U", 1.02, "posterior == 'global'", "0.04% in height"),
    ("weight_U", 0.9, "posterior == 'global'", "0.2 steps off"),
    ("mean_U", -1.0, "posterior == 'global' and source == 'up'", "; 0 of 192 rankings wrong"),
    ("within_V", -1.0, "posterior == 'global'", "; 0 signs wrong"),
    ("critical_n", 2.0, "posterior == 'leading_order'", "critical n 1885"),
    ("critical_n", 1.1, "posterior == 'free_energy'", "1911 with volumes"),
]
DEFAULTS = PhasesConfig()
SHORT = PhaseSettings(
    **DEFAULTS.model_dump(exclude={"weak", "strong"}),
    weak=SampledPhase(DEFAULTS.weak.gamma, [0, 40], 1000, 1500),
    strong=SampledPhase(DEFAULTS.strong.gamma, [40], 500, 500),
)


@pytest.fixture(scope="module")
def tables():
    """The tables of the pipeline, with short sampling at two n."""
    return {
        "phases": phase_curves(DEFAULT, SHORT),
        "phases_sampled": sampled_phases(DEFAULT, SHORT, seed=0),
    }


@pytest.fixture(scope="module")
def decide(tables):
    """The claim's finding on other curves."""

    def found(curves):
        both = EvidenceTables({"phases": curves, "phases_sampled": tables["phases_sampled"]})
        evidence = TheoryEvidence(tables=both, seed=0, hierarchies=(), optimizers=())
        return phases_exchange(evidence).finding

    return found


def test_the_stage_writes_flips_where_the_total_vanishes(tables):
    flips = tables["phases"][tables["phases"]["quantity"] == "flip"]
    of_pair = flips.groupby(["source", "target"]).size()
    assert (of_pair["up", "down"], of_pair["up", "twist"]) == (2, 1)
    for flip in flips[flips["source"] < flips["target"]].itertuples():
        found = exact_moments(DEFAULT, flip.n * np.array([0.98, 1, 1.02]))
        at = NAMES.index(flip.source), NAMES.index(flip.target)
        assert found.total[(0, *at)] * found.total[(2, *at)] < 0
        roots = flip_weights(*found.covariances[1][(slice(None), *at)], found.gaps[(1, *at)])
        # Interpolated in n; the wrong one of two roots is 5 log odds away.
        assert min(abs(special.logit(root) - special.logit(flip.value)) for root in roots) < 0.2


def test_local_sampling_sees_both_phases_only_where_chains_cross(tables):
    sampled, curves = tables["phases_sampled"], tables["phases"]
    keys, (low, high) = ["gamma", "n", "anchor"], SHORT.sizes[[0, 40]]
    pairs, strong = ["n", "source", "target"], f"gamma == {SHORT.strong.gamma} and anchor == 'V'"
    found = sampled.query(strong).set_index(pairs)
    wanted = curves.query(f"quantity == 'total' and {strong}").set_index(pairs)["value"]
    z = (found["influence"] - wanted) / found["std_error"]
    assert (z**2).mean() ** 0.5 < 3  # a step bias of 2.5 %; the wrong n gives 10
    share = sampled.groupby(keys)["share_U"].first()[SHORT.weak.gamma]
    local = curves[(curves["posterior"] == "local") & (curves["quantity"] == "weight_U")]
    exact = local.set_index(keys)["value"][SHORT.weak.gamma]
    for well, stays in (("U", 1.0), ("V", 0.0)):
        assert share[low, well] == pytest.approx(exact[low, well], abs=0.05)
        assert share[high, well] == pytest.approx(stays, abs=0.01)
        assert 0.4 < exact[high, well] < 0.6


def test_the_claim_holds_on_exact_tables_in_any_order(tables, decide):
    found = decide(tables["phases"])
    assert found.verdict == "replicated"
    assert all(part in found.measured for *_, part in TAMPERED)
    assert decide(tables["phases"].sample(frac=1, random_state=0)) == found


@pytest.mark.parametrize(("quantity", "factor", "where", "gone"), TAMPERED)
def test_the_claim_fails_on_tampered_tables(tables, decide, quantity, factor, where, gone):
    curves = tables["phases"].reset_index(drop=True)
    curves.loc[curves.query(f"quantity == '{quantity}' and {where}").index, "value"] *= factor
    found = decide(curves)
    assert (found.verdict, gone in found.measured) == ("partly", False)


def test_the_claim_needs_a_transition_and_whole_curves(tables, decide):
    early = decide(tables["phases"].query("n < 1000"))
    assert early.verdict == "not run"
    assert "never falls through 1/2" in early.reason
    assert "no complete curve" in decide(tables["phases"].iloc[5:]).reason


def test_the_figure_draws_every_panel(tables):
    figure = draw(Tables(tables))
    figure.canvas.draw()
    assert all(axis.get_ylabel() and axis.get_title(loc="left") for axis in figure.axes)
    assert {"harmful ↑", "helpful ↓"} <= {t.get_text() for axis in figure.axes for t in axis.texts}
