"""Do two sets of curves have the same shape, and two sets of values the same order?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata, spearmanr

DIGITS = 12  # of the largest value; what differs by less is equal up to rounding


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation over time of two curves of every ordered pair of different items.

    Args:
        first: (steps, source, target), any unit.
        second: the same shape, in a unit of its own.

    Returns:
        (pairs,), source by source, from -1 to 1; 0 where a curve is constant.
    """
    different = ~np.eye(first.shape[1], dtype=bool)
    return column_correlations(first[:, different], second[:, different])


def column_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation over time of two curves, pair by pair.

    Args:
        first: (steps, pairs), any unit.
        second: the same shape, in a unit of its own.

    Returns:
        (pairs,), from -1 to 1; 0 where a curve is constant.
    """
    a, b = first - first.mean(0), second - second.mean(0)
    scale = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(scale > 0, scale, 1.0)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation in which values equal up to rounding share a rank.

    Influence is symmetric, so that its values come in pairs that differ in the last bit alone:
    ranked as they are, they would tell how a machine rounds.

    Args:
        first: (values,), each in its own unit.
        second: as `first`.

    Returns:
        from -1 to 1; NaN where either is constant.

    Example:
        >>> rank_correlation(np.array([1.0, 1.0 + 1e-16, 3.0]), np.array([5.0, 5.0, 7.0]))
        1.0
    """
    return float(spearmanr(_rounded(first), _rounded(second)).statistic)


def rank_agreement(
    first: Sequence[float],
    second: Sequence[float],
    *,
    strata: Sequence[object] | None = None,
    permutations: int = 10_000,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Spearman's rank correlation with its one-sided permutation p-value.

    Args:
        first: (values,), any unit.
        second: (values,), paired with `first`.
        strata: group of every entry, (values,); ranks are taken and permuted within groups, and the
            correlations of the groups averaged, so that what differs between groups does not count.
            Default: one group.
        permutations: random pairings behind the p-value.
        rng: source of random numbers.

    Returns:
        correlation from -1 to 1, and the p-value of one at least as large; (0, 1) where nothing
        varies.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    groups = np.unique([str(s) for s in strata], return_inverse=True)[1] if strata else 0 * x
    observed, null, counted = 0.0, np.zeros(permutations), 0
    for group in np.unique(groups):
        a, b = rankdata(x[groups == group]), rankdata(y[groups == group])
        a, b = a - a.mean(), b - b.mean()
        scale = np.sqrt((a**2).sum() * (b**2).sum())
        if scale == 0:
            continue
        counted += 1
        observed += float(a @ b / scale)
        null += rng.permuted(np.tile(b, (permutations, 1)), axis=1) @ a / scale
    if not counted:
        return 0.0, 1.0
    beyond = int((null >= observed - 1e-9).sum())
    return observed / counted, (1 + beyond) / (1 + permutations)


def _rounded(values: np.ndarray) -> np.ndarray:
    largest = np.abs(values).max(initial=0.0)
    return np.round(values / largest, DIGITS) if largest > 0 else values
