"""Do two sets of curves have the same shape?"""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

DIGITS = 12  # of the largest value; what differs by less is equal up to rounding


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation over time of every pair's two curves, (pairs,), pairs of different items.

    Args:
        first: (steps, source, target).
        second: as `first`.

    Returns:
        (pairs,), from -1 to 1; 0 where a curve is constant.
    """
    different = ~np.eye(first.shape[1], dtype=bool)
    a, b = first[:, different], second[:, different]
    a, b = a - a.mean(0), b - b.mean(0)
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


def _rounded(values: np.ndarray) -> np.ndarray:
    largest = np.abs(values).max(initial=0.0)
    return np.round(values / largest, DIGITS) if largest > 0 else values
