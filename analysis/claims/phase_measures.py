"""What is measured of the curves of two phases: where they peak and flip, how high and how wide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.evidence import NoEvidence
from analysis.claims.theory_evidence import PhaseEvidence
from analysis.claims.thresholds import CERTAIN, DISAGREE, HEIGHT
from analysis.theory.phase_numbers import flip_weights


def critical(sizes: np.ndarray, weight: np.ndarray) -> float:
    """The n at which the weight of U last falls through 1/2, its log odds interpolated in log n.

    Args:
        sizes: n (points,), samples, ascending.
        weight: of phase U (points,), from 0 to 1.

    Returns:
        n, between two points, samples.

    Raises:
        NoEvidence: it does not, in the range of n given.
    """
    falls = np.flatnonzero((weight[:-1] > 0.5) & (weight[1:] <= 0.5))
    if not len(falls):
        raise NoEvidence(
            f"no transition: the weight of U is {weight[0]:.2g} at n = {sizes[0]:.0f} and "
            f"{weight[-1]:.2g} at n = {sizes[-1]:.0f}, and never falls through 1/2 between"
        )
    k = falls[-1]
    ends = np.clip(weight[k : k + 2], CERTAIN, 1 - CERTAIN)
    odds = np.log(ends / (1 - ends))
    share = odds[0] / (odds[0] - odds[1])
    return float(sizes[k] * (sizes[k + 1] / sizes[k]) ** share)


def peaks(e: PhaseEvidence, at: float) -> tuple[float, float, int]:
    """How far peaks of the between-phase term are from where and how high they should be: at equal
    weights, and a quarter of the product of the gaps.

    Args:
        e: the tables on phases.
        at: the n at which the phases weigh the same, samples.

    Returns:
        the largest distance from `at` in log n, the largest relative error of a height, and the
        number of pairs on which the phases disagree.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    between, gaps, (i, j) = e.between, e.gaps, disagreeing(e, at)
    top = np.abs(between[:, i, j]).argmax(0)
    heights = between[top, i, j] / (-gaps[top, i, j] / 4) - 1
    distance = np.abs(np.log(e.sizes[top] / at))
    return float(distance.max()), float(np.abs(heights).max()), len(i)


def disagreeing(e: PhaseEvidence, at: float) -> tuple[np.ndarray, np.ndarray]:
    """The pairs on which the phases disagree at the n nearest to `at`: whose gaps are at least
    `DISAGREE` of the largest.

    Args:
        e: the tables on phases.
        at: the n at which the phases weigh the same, samples.

    Returns:
        indices of sources and of targets, (pairs,) each, source <= target; into `e.names`.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    there = np.triu(np.abs(e.gaps[np.abs(np.log(e.sizes / at)).argmin()]))
    source, target = np.nonzero(there >= DISAGREE * there.max())
    return source, target


def order(e: PhaseEvidence, at: float) -> tuple[int, int]:
    """Do the peaks of pairs rank as their gaps? Gaps nearer than the error of a height are ties.

    Args:
        e: the tables on phases.
        at: the n at which the phases weigh the same, samples.

    Returns:
        comparisons of two pairs whose peaks rank against their gaps, and all comparisons.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    nearest = np.abs(np.log(e.sizes / at)).argmin()
    upper = np.triu_indices(len(e.names))
    gap, peak = np.abs(e.gaps[nearest])[upper], np.abs(e.between).max(0)[upper]
    larger = gap[:, None] > gap[None, :] * (1 + 2 * HEIGHT)
    return int((larger & (peak[:, None] <= peak[None, :])).sum()), int(larger.sum())


def flip_signs(e: PhaseEvidence) -> tuple[int, np.ndarray]:
    """Signs of the total that are not the theory's, over n and pairs; and flips of every pair.

    The theory: the covariance within V decides at weight 0, and every root below the weight of U
    changes the sign once.

    Args:
        e: the tables on phases.

    Returns:
        number of wrong signs; flips of the total over n, (pairs,), source <= target.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    U, V, total = (-e.curve(name) for name in ("within_U", "within_V", "total"))
    weight, gaps, wrong, flips = e.weight, e.gaps, 0, []
    for i, j in zip(*np.triu_indices(len(e.names)), strict=True):
        for k, w in enumerate(weight):
            roots = flip_weights(U[k, i, j], V[k, i, j], gaps[k, i, j])
            sign = np.sign(V[k, i, j]) * (-1) ** sum(root < w for root in roots)
            wrong += int(sign != np.sign(total[k, i, j]))
        flips.append(int((np.diff(np.sign(total[:, i, j])) != 0).sum()))
    return wrong, np.array(flips)


def largest_pair(e: PhaseEvidence) -> tuple[int, int]:
    """The two different samples with the highest between-phase peak.

    Args:
        e: the tables on phases.

    Returns:
        their indices into `e.names`, source < target.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    i, j = np.unravel_index(np.triu(np.abs(e.between).max(0), 1).argmax(), (len(e.names),) * 2)
    return int(i), int(j)


def total_peaks(e: PhaseEvidence, at: float) -> int:
    """Pairs on which the phases disagree whose total has a local extremum, in size, within the
    between-phase peak's width of `at`.

    Args:
        e: the tables on phases.
        at: the n at which the phases weigh the same, samples.

    Returns:
        their number.

    Raises:
        NoEvidence: a curve or the predicted width is missing.
    """
    total = np.abs(e.curve("total"))
    reach = e.predicted("free_energy", "width") / 2
    inner = (total[1:-1] > total[:-2]) & (total[1:-1] > total[2:])
    inner &= (np.abs(e.sizes[1:-1] - at) < reach)[:, None, None]
    return int(inner.any(0)[disagreeing(e, at)].sum())


def full_width(e: PhaseEvidence) -> float:
    """Width in n over which the highest between-phase term is above half its peak.

    Args:
        e: the tables on phases.

    Returns:
        in samples; NaN where it does not fall that low on both sides.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    i, j = largest_pair(e)
    curve, sizes = np.abs(e.between[:, i, j]), e.sizes
    top, half = int(curve.argmax()), curve.max() / 2
    left, right = np.flatnonzero(curve[:top] <= half), np.flatnonzero(curve[top:] <= half)
    if not (len(left) and len(right)):
        return float("nan")
    low, high = left[-1], top + right[0] - 1
    start = np.interp(half, curve[low : low + 2], sizes[low : low + 2])
    end = np.interp(-half, -curve[high : high + 2], sizes[high : high + 2])
    return float(end - start)


def error(e: PhaseEvidence, rows: pd.DataFrame, n: float) -> float:
    """Relative error of a sampled influence matrix against the exact global one.

    Args:
        e: the tables on phases.
        rows: of the sampled table, around one well at one n: source, target, influence.
        n: samples.

    Returns:
        norm of the difference over that of the exact one, a pure number from 0.

    Raises:
        NoEvidence: a curve is missing or not complete.
    """
    k = int(np.abs(e.sizes - n).argmin())
    exact = e.curve("total")[k]
    found = rows.pivot(index="source", columns="target", values="influence")
    found = found.loc[e.names, e.names].to_numpy()
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
