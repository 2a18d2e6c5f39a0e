"""Do two curves over training have one shape, when the one may come later than the other?"""

from __future__ import annotations

import numpy as np

LARGE = 0.25  # share of a curve's largest size that makes a stretch
FACTORS = np.geomspace(0.5, 2.0, 41)  # stretches of time that are tried; 1 among them


def stretches(curve: np.ndarray) -> str:
    """A curve as its sequence of helpful and harmful stretches.

    Args:
        curve: (steps,), any unit; negative: helps.

    Returns:
        a letter per stretch that reaches a quarter of the curve's largest size, in time order: "-"
        helps, "+" harms; "" for a curve that is zero.

    Example:
        >>> stretches(np.array([0.0, -1.0, -0.1, 0.1, 0.9, 0.4])), stretches(np.zeros(3))
        ('-+', '')
    """
    values = np.asarray(curve, dtype=float)
    size = np.abs(values).max(initial=0.0)
    large = values[np.abs(values) >= LARGE * size] if size > 0 else values[:0]
    signs = np.sign(large)
    turns = np.flatnonzero(np.diff(signs, prepend=0) != 0)
    return "".join("-" if s < 0 else "+" for s in signs[turns])


def same_stretches(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which curves of two sets have the same sequence of stretches?

    Args:
        first: (steps, pairs), any unit; negative: helps.
        second: (steps, pairs), in a unit of its own; its steps may be others.

    Returns:
        (pairs, pairs), 1 where a curve of the first and one of the second set have equal sequences,
        else 0; the diagonal compares pair by pair.
    """
    a = np.array([stretches(curve) for curve in np.asarray(first).T])
    b = np.array([stretches(curve) for curve in np.asarray(second).T])
    return (a[:, None] == b).astype(float)


def stretched_correlations(first: np.ndarray, second: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Correlation of two curves after the best stretch of the second's time.

    Args:
        first: (steps, pairs), any unit.
        second: (steps, pairs), in a unit of its own.
        steps: of training, (steps,), ascending from 0.

    Returns:
        (pairs, pairs): the largest correlation of first(t) with second(factor x t) over `FACTORS`,
        at the steps t where the stretched one is known; 0 where a curve is constant. The diagonal
        compares pair by pair.

    Example:
        >>> t = np.linspace(0, 100, 101)
        >>> early, late = np.sin(t / 10)[:, None], np.sin(t / 12)[:, None]
        >>> bool(stretched_correlations(early, late, t)[0, 0] > 0.999)
        True
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    best = np.full((first.shape[1], second.shape[1]), -np.inf)
    for factor in FACTORS:
        known = steps * factor <= steps[-1] * (1 + 1e-12)
        moved = _at(second, steps, steps[known] * factor)
        best = np.maximum(best, _unit(first[known]).T @ _unit(moved))
    return best


def against_dealt(
    scores: np.ndarray, rng: np.random.Generator, permutations: int, middle: bool
) -> tuple[float, float]:
    """How curves score against one another when the second set is dealt out to pairs at random.

    Args:
        scores: (seeds, pairs, pairs), of curves of the first set with those of the second.
        rng: source of random numbers.
        permutations: random deals, each the same for all seeds.
        middle: whether a seed's score is the median over pairs, and not the mean.

    Returns:
        mean score by chance; p-value of one at least as high as that of the pairs themselves, mean
        over seeds.
    """
    over = np.median if middle else np.mean
    rows = np.arange(scores.shape[1])
    observed = over(scores[:, rows, rows], axis=1).mean()
    dealt = [
        over(scores[:, rows, rng.permutation(len(rows))], axis=1).mean()
        for _ in range(permutations)
    ]
    beyond = int((np.array(dealt) >= observed - 1e-12).sum())
    return float(np.mean(dealt)), (1 + beyond) / (1 + permutations)


def _unit(curves: np.ndarray) -> np.ndarray:
    """Curves (steps, pairs) without their means, of norm 1; 0 where constant."""
    centered = curves - curves.mean(0)
    norm = np.sqrt((centered**2).sum(0))
    return centered / np.where(norm > 0, norm, np.inf)


def _at(curves: np.ndarray, steps: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Curves (steps, pairs) on straight lines between their steps, at others."""
    right = np.clip(np.searchsorted(steps, wanted), 1, len(steps) - 1)
    share = ((wanted - steps[right - 1]) / (steps[right] - steps[right - 1]))[:, None]
    return curves[right - 1] * (1 - share) + curves[right] * share
