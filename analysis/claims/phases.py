"""The claim on phases, C11: the theory against exact integrals, and what sampling sees of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.theory_evidence import PhaseEvidence, TheoryEvidence
from analysis.claims.thresholds import (
    AGREES,
    CERTAIN,
    DISAGREE,
    HEIGHT,
    LEADING,
    VOLUMES,
)
from analysis.theory.phase_numbers import flip_weights


@claim(
    "C11",
    "Influence peaks and flips where two phases exchange weight",
    origin="paper",
    room="theory",
    figure="two_phases",
    reads=("phases", "phases_sampled"),
)
def phases_exchange(evidence: TheoryEvidence) -> Finding:
    """C11: peaks at equal weights, in the order of disagreement, flips at the theory's roots."""
    e = evidence.phases
    sizes, at = e.sizes, critical(e.sizes, e.weight)
    step = float(np.log(sizes[1:] / sizes[:-1]).max())
    late, high, pairs = peaks(e, at)
    swapped, of = order(e, at)
    wrong, flips = flip_signs(e)
    names = ("leading_order", "free_energy")
    guesses = [e.predicted(name, "critical_n") for name in names]
    factors = [max(guess / at, at / guess) for guess in guesses]
    found = ", ".join(f"{count} with {k}" for k, count in enumerate(np.bincount(flips)) if count)
    return Finding(
        predicted="in a constructed two-well potential: between-phase influence is largest at the "
        f"n of equal weights, to one step of n (a factor of {np.exp(step):.2f}), and ΔμᵢΔμⱼ/4 "
        f"high, to {HEIGHT:.0%}, wherever the gap is at least {DISAGREE:.0%} of the "
        "largest; peaks rank as the gaps; at every n the total has the sign that the roots of the "
        "theory's quadratic give it, and some pair flips; "
        f"nL + λ log n gives the critical n within a factor of {LEADING:g}, and within {VOLUMES:g} "
        "with the volumes of the wells",
        measured=f"equal weights at n = {at:.0f}; peaks of {pairs} pairs at most "
        f"{late / step:.1f} steps off and {high:.2%} in height, {total_peaks(e, at)} of them peaks "
        f"of the total too; {swapped} of {of} rankings wrong; "
        f"{wrong} signs wrong, pairs by number of flips: {found}; critical n {guesses[0]:.0f} by "
        f"nL + λ log n, {guesses[1]:.0f} with volumes; peak {full_width(e):.0f} wide in n, "
        f"{e.predicted('free_energy', 'width'):.0f} predicted to first order",
        interval="exact integrals: none; heights and signs are identities of exact moments, so "
        "that they check the integration; where the peaks come is what free energy must tell",
        verdict=graded(
            [late <= step, high <= HEIGHT, swapped == 0, wrong == 0 and bool(flips.any()),
             factors[0] <= LEADING and factors[1] <= VOLUMES]
        ),
        reason=unseen(e, at),
    )  # fmt: skip


def critical(sizes: np.ndarray, weight: np.ndarray) -> float:
    """The n at which the weight of U last falls through 1/2, its log odds interpolated in log n.

    Args:
        sizes: samples n (points,), ascending.
        weight: of phase U (points,), from 0 to 1.

    Returns:
        n, between two points.

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
    """How far peaks of the between-phase term are from where they should be.

    Args:
        e: the evidence.
        at: the n at which the phases weigh the same.

    Returns:
        the largest distance from `at` in log n, the largest relative error of a height, and the
        number of pairs on which the phases disagree.
    """
    between, gaps, (i, j) = e.between, e.gaps, disagreeing(e, at)
    top = np.abs(between[:, i, j]).argmax(0)
    heights = between[top, i, j] / (-gaps[top, i, j] / 4) - 1
    distance = np.abs(np.log(e.sizes[top] / at))
    return float(distance.max()), float(np.abs(heights).max()), len(i)


def disagreeing(e: PhaseEvidence, at: float) -> tuple[np.ndarray, np.ndarray]:
    """The pairs on which the phases disagree at the n nearest to `at`: sources, targets.

    Args:
        e: the evidence.
        at: the n at which the phases weigh the same.

    Returns:
        indices of sources and of targets.
    """
    there = np.triu(np.abs(e.gaps[np.abs(np.log(e.sizes / at)).argmin()]))
    source, target = np.nonzero(there >= DISAGREE * there.max())
    return source, target


def order(e: PhaseEvidence, at: float) -> tuple[int, int]:
    """Pairs of sample pairs whose peaks rank against their gaps, and how many are compared.

    Gaps nearer than the error of a height are ties.

    Args:
        e: the evidence.
        at: the n at which the phases weigh the same.

    Returns:
        a key to sort by.
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
        e: the evidence.

    Returns:
        number of wrong signs; flips (pairs,).
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
    """The two different samples with the highest between-phase peak, in the order of the table.

    Args:
        e: the evidence.

    Returns:
        their indices.
    """
    i, j = np.unravel_index(np.triu(np.abs(e.between).max(0), 1).argmax(), (len(e.names),) * 2)
    return int(i), int(j)


def total_peaks(e: PhaseEvidence, at: float) -> int:
    """Pairs on which the phases disagree whose total has a local extremum, in size, within the
    between-phase peak's width of `at`.

    Args:
        e: the evidence.
        at: the n at which the phases weigh the same.

    Returns:
        their number.
    """
    total = np.abs(e.curve("total"))
    reach = e.predicted("free_energy", "width") / 2
    inner = (total[1:-1] > total[:-2]) & (total[1:-1] > total[2:])
    inner &= (np.abs(e.sizes[1:-1] - at) < reach)[:, None, None]
    return int(inner.any(0)[disagreeing(e, at)].sum())


def full_width(e: PhaseEvidence) -> float:
    """Width in n over which the highest between-phase term is above half its peak; NaN where it
    does not fall that low on both sides.

    Args:
        e: the evidence.

    Returns:
        in samples.
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


def unseen(e: PhaseEvidence, at: float) -> str:
    """What sampling around one well does not see, in numbers: how far the weakest localisation
    agrees with the exact global posterior, and all of them near the n of equal weights.

    Args:
        e: the evidence.
        at: the n at which the phases weigh the same.

    Returns:
        the sentence.
    """
    s, weak, good = e.sampled, e.sampled["gamma"].min(), []
    for n, rows in s[s["gamma"] == weak].groupby("n"):
        if max(error(e, of_well, n) for _, of_well in rows.groupby("anchor")) > AGREES:
            break
        good.append(n)
    near = min(s["n"].unique(), key=lambda n: abs(np.log(n / at)))
    k, (i, j) = int(np.abs(e.sizes - near).argmin()), largest_pair(e)
    pair = (s["source"] == e.names[i]) & (s["target"] == e.names[j])
    there = s[(s["n"] == near) & pair].sort_values(["gamma", "anchor"])
    found = "; ".join(_beside_exact(e, row, (k, i, j)) for row in there.itertuples())
    reach = f"up to n = {good[-1]:.0f}" if good else "at no n"
    return (
        f"what local sampling does not see: with γ = {weak:g} it agrees with the exact global "
        f"posterior within {AGREES:.0%} {reach}. At n = {near:.0f}, {e.names[i]}→{e.names[j]}, "
        f"where that has {e.curve('total')[k, i, j]:.3g} and {e.weight[k]:.0%} of its mass in U, "
        f"{found}. R-hat passes {int(there['mixed'].sum())} of these {len(there)}: it compares "
        "chains that share a well. Where the within-phase term of the wide phase falls faster than "
        "the between-phase term rises, the total has no peak. The volumes of these wells nearly "
        "cancel by choice: elsewhere nL + λ log n alone is further off"
    )


def _beside_exact(e: PhaseEvidence, row: Any, at: tuple[int, int, int]) -> str:
    """A sampled value, its exact local posterior's, and that of the anchor's phase alone."""
    local = ("local", row.gamma, row.anchor)
    total, own = (e.curve(name, *local)[at] for name in ("total", f"within_{row.anchor}"))
    weight = e.curve("weight_U", *local)[at[0], 0, 0]
    return (
        f"sampling with γ = {row.gamma:g} around {row.anchor} gives {row.influence:.3g} and "
        f"{row.share_U:.0%} (its exact posterior {total:.3g} and {weight:.0%}; within "
        f"{row.anchor} alone {own:.3g})"
    )


def error(e: PhaseEvidence, rows: pd.DataFrame, n: float) -> float:
    """Relative error of a sampled influence matrix against the exact global one.

    Args:
        e: the evidence.
        rows: of the sampled table, at one n.
        n: samples.

    Returns:
        norm of the difference over that of the exact one.
    """
    k = int(np.abs(e.sizes - n).argmin())
    exact = e.curve("total")[k]
    found = rows.pivot(index="source", columns="target", values="influence")
    found = found.loc[e.names, e.names].to_numpy()
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
