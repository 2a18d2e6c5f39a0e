"""Correlations of curves and of ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from analysis.statistics.correlation import correlations, rank_agreement, rank_correlation


def test_curves_of_every_pair_are_correlated_over_time():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 9, 3, 3))
    found = correlations(first, second)
    wanted = [
        np.corrcoef(first[:, i, j], second[:, i, j])[0, 1]
        for i in range(3) for j in range(3) if i != j
    ]  # fmt: skip
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_rounding_of_symmetric_values_does_not_move_a_rank_correlation():
    # As influence and its transpose do. Without it two of these six would change places (0.97).
    values, other = np.array([2.0, 2.0, 5.0, 5.0, 1.0, 1.0]), np.array([1.0, 3, 8, 9, 0, 0.5])
    shaken = values * (1 + 2e-16 * np.array([1, -1, -1, 1, 0, 1]))
    assert len(set(shaken)) > 3
    assert rank_correlation(shaken, other) == rank_correlation(values, other)
    assert spearmanr(shaken, other).statistic != spearmanr(values, other).statistic


def test_where_nothing_is_tied_ranks_are_spearmans():
    first, second = np.random.default_rng(1).normal(size=(2, 40)) * [[1e-9], [1e6]]
    assert rank_correlation(first, second) == pytest.approx(spearmanr(first, second).statistic)


def test_a_constant_has_no_rank_correlation():
    with pytest.warns(RuntimeWarning):
        assert np.isnan(rank_correlation(np.zeros(4), np.arange(4.0)))


def test_rank_agreement_is_spearman_with_an_exact_level():
    rng = np.random.default_rng(0)
    assert rank_agreement([1, 2, 3, 4], [10, 20, 40, 30], rng=rng)[0] == pytest.approx(0.8)
    # All 24 orders of four: a perfect one has probability 1/24.
    assert rank_agreement([1, 2, 3, 4], [1, 2, 3, 4], rng=rng)[1] == pytest.approx(1 / 24, rel=0.15)
    assert rank_agreement([1, 1, 1], [1, 2, 3], rng=rng) == (0.0, 1.0)


def test_ranks_within_strata_ignore_what_differs_between_them():
    # Within each group x and y fall together against each other; between groups both rise.
    x, y, group = [1, 2, 3, 11, 12, 13], [3, 2, 1, 13, 12, 11], list("aaabbb")
    assert rank_agreement(x, y, rng=np.random.default_rng(0))[0] > 0.5
    assert rank_agreement(x, y, strata=group, rng=np.random.default_rng(0)) == (-1.0, 1.0)
