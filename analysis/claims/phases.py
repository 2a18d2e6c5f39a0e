"""The claim on phases, C11: the theory against exact integrals, and what sampling sees of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.claims.core import Finding, claim, graded
from analysis.claims.phase_measures import (
    critical,
    error,
    flip_signs,
    full_width,
    largest_pair,
    order,
    peaks,
    total_peaks,
)
from analysis.claims.theory_evidence import PhaseEvidence, TheoryEvidence
from analysis.claims.thresholds import AGREES, DISAGREE, HEIGHT, LEADING, VOLUMES


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


def unseen(e: PhaseEvidence, at: float) -> str:
    """What sampling around one well does not see, in numbers: how far the weakest localisation
    agrees with the exact global posterior, and all of them near the n of equal weights.

    Args:
        e: the tables on phases.
        at: the n at which the phases weigh the same, samples.

    Returns:
        sentences, influence in nats squared.

    Raises:
        NoEvidence: a curve is missing or not complete.
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
