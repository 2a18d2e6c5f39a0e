"""Means over a few random starts, and intervals that are honest about how few they are."""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from analysis.statistics.jackknife import MIN_BLOCKS

LEVEL = 0.95


def degrees_of_freedom(seeds: int) -> int:
    """Of the standard error of a mean over seeds; for one seed, of its jackknife.

    Args:
        seeds: their number.

    Returns:
        their number.
    """
    return seeds - 1 if seeds > 1 else MIN_BLOCKS - 1


def standard_error(values: np.ndarray, std_errors: np.ndarray) -> np.ndarray:
    """Standard error of the mean over the first axis (seeds).

    With several seeds, from the spread between them, which holds the sampling noise of each;
    with one, its own `std_errors` (zero where exact).

    Args:
        values: (seeds, ...).
        std_errors: of single values, the same shape.

    Returns:
        of the shape of one run's values.
    """
    if len(values) == 1:
        return std_errors[0]
    return values.std(0, ddof=1) / np.sqrt(len(values))


def mean_interval(
    values: np.ndarray, std_errors: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over the first axis (seeds) and the ends of its 95 % interval by Student's t.

    One exact run has no interval: both ends equal the mean.

    Args:
        values: (seeds, ...).
        std_errors: of single values, where there are any.

    Returns:
        mean, low, high, of the shape of one run's values.
    """
    values = np.asarray(values, dtype=float)
    errors = np.zeros_like(values) if std_errors is None else std_errors
    reach = t.isf((1 - LEVEL) / 2, degrees_of_freedom(len(values))) * standard_error(values, errors)
    mean = values.mean(0)
    return mean, mean - reach, mean + reach
