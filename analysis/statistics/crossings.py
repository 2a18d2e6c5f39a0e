"""Where a sampled curve passes a level, interpolated linearly between the points around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RISE = (0.1, 0.5, 0.9)  # shares of the final value that mark start, middle and end of a stage


def first_crossing(
    points: np.ndarray,
    curves: np.ndarray,
    level: float,
    passed: Callable[[np.ndarray, float], np.ndarray] = np.less_equal,
    *,
    otherwise: float = np.nan,
) -> np.ndarray:
    """Where each curve first passes a level, in the unit of `points`.

    Between the first point that has passed and the one before it, a straight line decides; a curve
    that has passed from the start did so at the first point.

    Args:
        points: (points,), the axis, in order.
        curves: (points, ...), finite; at least one point.
        level: in the unit of the curves.
        passed: what counts as past the level: np.less_equal or np.less for a fall, np.greater_equal
            or np.greater for a rise.
        otherwise: the answer for a curve that never passes.

    Returns:
        (...,), one place per curve, in the unit of `points`.

    Example:
        >>> first_crossing(np.array([0, 10, 20]), np.array([[3.0], [2.0], [0.0]]), 1.5).tolist()
        [12.5]
    """
    reached = passed(curves, level)
    k = np.asarray(reached.argmax(0))
    before = np.maximum(k - 1, 0)
    a, b = (np.take_along_axis(curves, at[None], 0)[0] for at in (before, k))
    share = np.where(k > 0, _share(a, b, level), 0.0)
    found = points[before] + share * (points[k] - points[before])
    return np.where(reached.any(0), found, otherwise)


def rise_times(steps: np.ndarray, progress_: np.ndarray) -> tuple[float, float, float]:
    """When a curve first reaches 10, 50 and 90 % of 1, interpolated.

    Args:
        steps: (steps,), increasing.
        progress_: (steps,), 0: not begun, 1: complete.

    Returns:
        start, middle and end in the unit of `steps`; NaN for a share that is never reached.

    Example:
        >>> rise_times(np.array([0, 100]), np.array([0.0, 1.0]))
        (10.0, 50.0, 90.0)
    """
    start, middle, end = (
        float(first_crossing(steps, progress_, share, np.greater_equal)) for share in RISE
    )
    return start, middle, end


def crossings(curves: np.ndarray, level: float = 0.0) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Every pair of neighbouring points between which a curve passes a level, up or down.

    A value on the level counts as below it. For an axis that is not linear, as
    points[k] * (points[k + 1] / points[k]) ** share for one in logarithms.

    Args:
        curves: (points, ...), finite.
        level: in the unit of the curves.

    Returns:
        indices as of np.nonzero, by point first: that of the point before, then those of the
        curve, (crossings,) each; and the share of the way to the next point, (crossings,).

    Example:
        >>> (k,), share = crossings(np.array([1.0, 3.0, -1.0, -2.0, 2.0]))
        >>> k.tolist(), share.tolist()
        ([1, 3], [0.75, 0.5])
    """
    above = curves > level
    where = np.nonzero(above[1:] != above[:-1])
    return where, _share(curves[:-1][where], curves[1:][where], level)


def _share(before: np.ndarray, after: np.ndarray, level: float) -> np.ndarray:
    """Share of the way from one value to the next at which a straight line has a level."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return (level - before) / (after - before)
