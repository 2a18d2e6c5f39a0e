"""Held, refuted, open: an interval that contains the bound decides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from analysis.claims.core import graded
from analysis.claims.decisions import (
    above,
    below,
    in_most,
    mean_and_most,
    positive,
    runs_needed,
    significant,
    what_decides,
)


@pytest.mark.parametrize("shift", [-1.0, -0.4, 0.0, 0.4, 1.0])
def test_above_is_a_two_sided_t_test_with_a_direction(shift):
    values = np.random.default_rng(3).normal(shift, 0.5, 8)
    p = ttest_1samp(values, 0.0).pvalue
    expected = None if p >= 0.05 else bool(values.mean() > 0)
    assert above(values, 0.0) is expected
    assert below(-values, 0.0) is expected


def test_what_cannot_be_told_is_open():
    assert above([1.0], 0.0) is None  # one run, no interval
    assert above([], 0.0) is None
    assert above([1.0, np.nan], 0.0) is None
    assert positive(np.nan) is None
    assert positive(0.0) is None
    assert in_most([]) is None


def test_signs_of_runs_refute_nothing_by_themselves():
    assert in_most([False] * 6 + [True] * 2) is False
    assert mean_and_most(None, False) is None
    assert mean_and_most(True, None) is None
    assert mean_and_most(False, True) is False


def test_runs_needed_are_enough_and_not_more_than_enough():
    values = np.array([1.0, -0.5, 0.4, 0.1])
    runs = runs_needed(values, 0.0)
    mean, spread = values.mean(), values.std(ddof=1)

    def interval_excludes_zero(n: int) -> bool:
        again = np.random.default_rng(0).normal(size=n)
        again = (again - again.mean()) / again.std(ddof=1) * spread + mean
        return above(again, 0.0) is not None

    assert interval_excludes_zero(runs)
    assert not interval_excludes_zero(runs - 1)
    assert runs_needed([1.0], 0.0) is None
    assert what_decides({"falls": runs, "bends": None}) == (
        "open: falls (about 27 runs would tell), bends (no number of runs in sight)"
    )
    assert what_decides({}) == ""


def test_an_open_part_leaves_a_claim_undecided_unless_another_is_refuted():
    assert graded([True, None]) == "undecided"
    assert graded([None, None]) == "undecided"
    assert graded([True, None, False]) == "partly"
    assert graded([None, False]) == "not replicated"
    assert graded([np.bool_(True), np.bool_(False)]) == "partly"
    assert significant(0.01, 1.0, 0.05) is True
    assert significant(1.0, 0.01, 0.05) is False
    assert significant(0.5, 0.5, 0.05) is None
