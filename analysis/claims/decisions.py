"""Held, refuted or open: what an interval says of a bound, and how such answers are put together.

True: held. False: refuted. None: open, the data leave both possible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from analysis.claims.thresholds import MOST
from analysis.statistics.uncertainty import LEVEL, mean_interval

Held = bool | None
MANY = 1000  # runs beyond which a number needed is not told


def above(values: Sequence[float] | np.ndarray, bound: float) -> Held:
    """Is the mean over runs above a bound, by its 95 % interval (Student's t)?

    Args:
        values: one per run, any unit.
        bound: in that unit.

    Returns:
        True where the interval lies above it, False where below, None where it contains it, where
        there is one run, or none, or a value is not finite.

    Example:
        >>> above([0.9, 0.92, 0.91], 0.8), above([0.9, 0.5, 0.7], 0.8), above([0.1, 0.12], 0.8)
        (True, None, False)
    """
    each = np.asarray(values, dtype=float)
    if len(each) < 2 or not np.isfinite(each).all():
        return None
    _, low, high = mean_interval(each)
    return interval_above(float(low), float(high), bound)


def interval_above(low: float, high: float, bound: float) -> Held:
    """Does an interval lie above a bound?

    Args:
        low: its lower end, any unit.
        high: its upper end.
        bound: in that unit.

    Returns:
        True where it lies above, False where below, None where it contains the bound.

    Example:
        >>> interval_above(0.1, 0.2, 0.0), interval_above(-0.1, 0.2, 0.0)
        (True, None)
    """
    if low > bound:
        return True
    return False if high < bound else None


def below(values: Sequence[float] | np.ndarray, bound: float) -> Held:
    """Is the mean over runs below a bound? As `above`, the other way round.

    Args:
        values: one per run, any unit.
        bound: in that unit.

    Returns:
        True, False or None.
    """
    return above(-np.asarray(values, dtype=float), -bound)


def positive(value: float) -> Held:
    """Is a single run's value above zero? Its noise is in the spread between runs.

    Args:
        value: any unit.

    Returns:
        True above, False below, None where it is zero or not finite.

    Example:
        >>> positive(0.3), positive(-0.1), positive(float("nan"))
        (True, False, None)
    """
    return bool(value > 0) if np.isfinite(value) and value != 0 else None


def against(held: Held) -> Held:
    """The answer to the opposite question.

    Args:
        held: True, False or None.

    Returns:
        False, True or None.
    """
    return None if held is None else not held


def together(*held: Held) -> Held:
    """Do all hold?

    Args:
        *held: answers.

    Returns:
        False where one is refuted; else None where one is open; else True.

    Example:
        >>> together(True, True), together(True, None), together(None, False)
        (True, None, False)
    """
    if not all(each is None or each for each in held):
        return False
    return None if any(each is None for each in held) else True


def in_most(held: Sequence[Held]) -> Held:
    """Does it hold in at least two thirds of the runs?

    Args:
        held: of each run.

    Returns:
        True where it does; False where its opposite does; else None.

    Example:
        >>> in_most([True, True, None]), in_most([True, False, None]), in_most([False, False, None])
        (True, None, False)
    """
    needed = MOST * len(held) - 1e-9
    for answer in (True, False):
        if len(held) and sum(each is answer for each in held) >= needed:
            return answer
    return None


def mean_and_most(mean: Held, most: Held) -> Held:
    """A statement about the mean over runs and about most of them.

    Args:
        mean: of the mean, by its interval.
        most: of most runs, by their signs.

    Returns:
        True where both hold; False where the mean is refuted; else None: signs of a few runs refute
        nothing.

    Example:
        >>> mean_and_most(True, True), mean_and_most(None, False), mean_and_most(False, None)
        (True, None, False)
    """
    if mean is False:
        return False
    return True if mean and most else None


def significant(p_value: float, p_opposite: float, level: float) -> Held:
    """What a permutation test and its opposite say.

    Args:
        p_value: of an effect at least as strong as observed, as predicted.
        p_opposite: of one at least as strong the other way.
        level: below which a p-value counts.

    Returns:
        True, False or None.
    """
    if p_value < level:
        return True
    return False if p_opposite < level else None


def runs_needed(values: Sequence[float] | np.ndarray, bound: float) -> int | None:
    """Runs after which the interval would no longer contain the bound, if mean and spread stayed
    as they are.

    Args:
        values: one per run, at least two, any unit.
        bound: in that unit.

    Returns:
        a number of runs, at least as many as there are; None where more than `MANY` or fewer than
        two runs tell.

    Example:
        >>> runs_needed([1.0, -0.5, 0.4, 0.1], 0.0), runs_needed([1.0, -1.0], 0.0)
        (27, None)
    """
    each = np.asarray(values, dtype=float)
    if len(each) < 2 or not np.isfinite(each).all():
        return None
    distance, spread = abs(each.mean() - bound), each.std(ddof=1)
    for runs in range(len(each), MANY + 1):
        if t.isf((1 - LEVEL) / 2, runs - 1) * spread / np.sqrt(runs) < distance:
            return runs
    return None


def what_decides(open_parts: dict[str, int | None]) -> str:
    """What would decide the open parts, in words.

    Args:
        open_parts: name of each -> runs needed, or None where not known.

    Returns:
        as in "undecided: falls (about 20 runs would tell)"; "" without open parts.
    """
    told = [
        f"{name} ({f'about {runs} runs would tell' if runs else 'no number of runs in sight'})"
        for name, runs in open_parts.items()
    ]
    return "open: " + ", ".join(told) if told else ""
