"""Means over a few random starts, and intervals that are honest about how few they are."""

from __future__ import annotations

import numpy as np
from scipy.stats import t

from analysis.statistics.jackknife import MIN_BLOCKS

LEVEL = 0.95


def degrees_of_freedom(seeds: int) -> int:
    """Degrees of freedom of the standard error of a mean over seeds; for one seed, of its
    jackknife.

    Args:
        seeds: their number, at least 1.

    Returns:
        seeds - 1, or one less than the least number of blocks.
    """
    return seeds - 1 if seeds > 1 else MIN_BLOCKS - 1


def standard_error(values: np.ndarray, std_errors: np.ndarray) -> np.ndarray:
    """Standard error of the mean over the first axis (seeds).

    With several seeds, from the spread between them, which holds the sampling noise of each;
    with one, its own `std_errors` (zero where exact).

    Args:
        values: (seeds, ...), any unit.
        std_errors: of single values, the same shape and unit; used for a single seed only.

    Returns:
        (...), in the unit of the values.
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
        values: (seeds, ...), any unit.
        std_errors: of single values, the same shape and unit, where there are any; they count for a
            single seed only.

    Returns:
        mean, low, high, each (...), in the unit of the values.

    Example:
        >>> mean, low, high = mean_interval(np.array([1.0, 2.0, 3.0]))
        >>> round(float(mean), 2), round(float(low), 2), round(float(high), 2)
        (2.0, -0.48, 4.48)
    """
    values = np.asarray(values, dtype=float)
    errors = np.zeros_like(values) if std_errors is None else std_errors
    reach = t.isf((1 - LEVEL) / 2, degrees_of_freedom(len(values))) * standard_error(values, errors)
    mean = values.mean(0)
    return mean, mean - reach, mean + reach
