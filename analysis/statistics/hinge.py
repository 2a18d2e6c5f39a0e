"""When does a curve leave its plateau? A hinge, fitted by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution

LEVEL = 0.95
GRID = 400  # places of the bend that are tried
FEWEST = 5  # points, for three parameters


@dataclass(frozen=True)
class Hinge:
    """A plateau, then a line: y = plateau + slope (x - bend) for x beyond the bend.

    Attributes:
        bend: where the line begins, in the unit of x.
        low, high: ends of its 95 % interval.
        plateau: value before it, unit of y.
        slope: beyond it, unit of y per unit of x.
        p_value: of a fit this much better than a constant, if the curve were constant.
    """

    bend: float
    low: float
    high: float
    plateau: float
    slope: float
    p_value: float


def fit_hinge(x: np.ndarray, y: np.ndarray, errors: np.ndarray) -> Hinge:
    r"""Fit a plateau and a line after it, continuous where they meet.

    For every place of the bend the other two parameters follow from linear least squares weighted
    by 1/errors^2; the best place is looked for on a fine grid. The 95 % interval is the places
    whose weighted sum of squares S is not larger than

        S_min (1 + F_{1, n-3}(0.95) / (n - 3)),

    so that a curve which is no hinge, and leaves more than its errors, has a wider one.

    Args:
        x: (points,), ascending, any unit.
        y: (points,), any unit.
        errors: standard errors of y, (points,), positive.

    Returns:
        the hinge.

    Raises:
        ValueError: there are fewer than five points, x does not ascend, or an error is not
            positive.

    Example:
        >>> x = np.arange(10.0)
        >>> found = fit_hinge(x, np.maximum(x - 4.0, 0.0), np.ones(10))
        >>> round(found.bend, 1), round(found.slope, 2)
        (4.0, 1.0)

    Source: Hinkley (1971) for the two-phase regression; the interval inverts its F test.
    """
    x, y, weight = (np.asarray(a, dtype=float) for a in (x, y, 1 / np.asarray(errors, dtype=float)))
    if len(x) < FEWEST or (np.diff(x) <= 0).any() or not np.isfinite(weight).all():
        raise ValueError(
            f"{len(x)} points: a hinge needs at least {FEWEST}, x ascending and errors positive"
        )
    bends = np.linspace(x[0], x[-2], GRID)  # beyond, a single point would be the line
    rise = np.maximum(x - bends[:, None], 0.0)  # (bends, points)
    plateau, slope, squares = _two_parameters(rise, y, weight)
    best, left = int(squares.argmin()), len(x) - 3
    mean = (weight**2 * y).sum() / (weight**2).sum()
    constant = float((weight**2 * (y - mean) ** 2).sum())
    least = float(squares[best])
    ratio = (constant - least) / 2 / max(least / left, 1e-300 + 1e-12 * constant)
    limit = least * (1 + f_distribution.isf(1 - LEVEL, 1, left) / left)
    inside = bends[squares <= limit * (1 + 1e-12)]
    return Hinge(
        bend=float(bends[best]),
        low=float(inside.min()),
        high=float(inside.max()),
        plateau=float(plateau[best]),
        slope=float(slope[best]),
        p_value=float(f_distribution.sf(ratio, 2, left)),
    )


def _two_parameters(
    rise: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted least squares of y on a constant and each row of `rise`, (bends, points): constants,
    slopes and sums of squares, (bends,) each."""
    w = weight**2
    total, mean_y = w.sum(), (w * y).sum() / w.sum()
    mean_r = rise @ w / total
    centered = rise - mean_r[:, None]
    slope = (centered * w) @ (y - mean_y) / ((centered**2) @ w)
    plateau = mean_y - slope * mean_r
    residual = y - plateau[:, None] - slope[:, None] * rise
    return plateau, slope, residual**2 @ w
