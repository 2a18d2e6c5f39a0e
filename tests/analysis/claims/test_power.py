"""Rules of verdict where the truth is known: they find it, and do not find what is not there.

The table in docs/explanation/rules-of-verdict.md is the same with more draws.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from analysis.claims.core import rules
from analysis.claims.power.base import TRUTHS, Truth, power_table, truth, truths, verdicts
from stagewise.pages.power import PAGE, power_block

DRAWS = 6
STRONG = {  # worlds in which nearly every draw must end so
    "bends inside, strengthens fivefold, falls by half": "replicated",
    "bends one forming before it, strengthens, falls": "partly",
    "helps, then harms as much": "replicated",
    "helps throughout": "partly",
    "harms, then helps": "not replicated",
    "every event half a checkpoint from a boundary": "replicated",
    "100 steps later, crossings spread by 60": "not replicated",
    "100 steps earlier, crossings spread by 180": "undecided",
    "one shape, sampling noise of 10 %": "replicated",
    "one shape, sampling noise of 30 %": "undecided",
    "one shape, removal 1.2 times as late": "partly",
    "effects follow BIF, noise of 10 %": "replicated",
    "effects lie 100 steps off BIF": "not replicated",
    "early windows act as the first distinction is learnt": "replicated",
    "agreement falls with both": "not replicated",
    "0.3 now, 0.6 by the end's influence": "partly",
}
NAMES = {one.name: one for one in truths()}


@pytest.mark.parametrize("name", STRONG)
def test_a_rule_finds_what_is_true(name):
    counted = Counter(verdicts(NAMES[name], DRAWS, seed=1))
    assert counted[STRONG[name]] >= DRAWS - 1, counted


@pytest.mark.parametrize("one", [t for t in truths() if t.holds == "no"], ids=lambda t: t.name)
def test_a_rule_seldom_finds_what_is_not_true(one: Truth):
    counted = Counter(verdicts(one, DRAWS, seed=2))
    assert counted["replicated"] <= 2, counted


def test_every_rule_with_a_page_has_worlds_in_which_it_holds_and_does_not():
    pages = {path.stem.upper() for path in PAGE.with_suffix("").glob("*.md")}
    pages -= {"X10", "X11"}  # these have a simulation of their own, on their page
    held = {one.claim for one in truths() if one.holds == "yes"}
    refuted = {one.claim for one in truths() if one.holds != "yes"}
    assert pages <= held & refuted
    assert held | refuted <= {rule.id for rule in rules()}


def test_the_page_tells_of_every_world():
    page = PAGE.read_text(encoding="utf-8")
    for one in truths():
        assert f"| {one.claim} | {one.name} | {one.holds} |" in page


def test_shares_are_of_all_draws_and_seeded():
    one = NAMES["0.5 both"]
    first, again = (list(verdicts(one, 5, seed=0)) for _ in range(2))
    assert first == again
    table = power_table(1, seed=0)
    shares = table.drop(columns=["claim", "truth", "holds", "replicates"])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert power_block(table).startswith("1 draws of every world.")


def test_a_world_says_whether_the_claim_holds():
    with pytest.raises(ValueError, match=r"holds = 'maybe'; allowed: yes, no, in part"):
        truth("C1", "odd", holds="maybe")
    assert all(one.name != "odd" for one in TRUTHS)
