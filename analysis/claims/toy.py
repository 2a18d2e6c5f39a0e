"""C1 and C3: influence flips between stages, and stages come from the root down."""

from __future__ import annotations

import numpy as np

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import Held
from analysis.claims.thresholds import GOOD
from analysis.claims.toy_evidence import ToyEvidence
from analysis.statistics.correlation import rank_agreement
from models.toy.hierarchy import Node, stage_name


@claim(
    "C1",
    "Influence is non-monotonic and flips sign",
    origin="paper",
    room="toy",
    figure="influence_by_estimator",
    reads=("events", "transitions", "trajectories"),
)
def flips_and_stages(e: ToyEvidence) -> Finding:
    """C1: helps while one distinction is learnt, harms while the next is."""
    source = e.focus[0]
    below_root = [q for q in e.focus[1:] if _above(e, e.tree.lowest_common_ancestor(source, q))]
    if not below_root:
        raise NoEvidence(f"{source} is told from every focus item at the root: nothing precedes")
    target = below_root[-1]
    own = e.tree.lowest_common_ancestor(source, target)
    earlier = _above(e, own)[-1]
    before, until = e.stage(earlier)["start"], e.stage(own)["middle"]
    if not (np.isfinite(before) and np.isfinite(until)):
        raise NoEvidence(f"{stage_name(own)} is not learnt within this training")
    found, held = [], []
    for label in (e.posterior_label, "unrolled"):
        events = e.events_of(label, source, target)
        flips = events[events["direction"] == "to_harmful"]
        flips = flips[(flips["step"] >= before) & (flips["step"] <= until)]
        held.append(_turns(e, label, (source, target), before, until, not flips.empty))
        found += [(label, f) for f in flips.head(1).itertuples()]
    bif = e.posterior_label
    turned = {pair: set(e.events_of(bif, *pair)["direction"]) for pair in e.pairs()}
    turning = [pair for pair, found in turned.items() if "to_harmful" in found]
    where = "; ".join(f"{label}: flip at {f.step:.0f}" for label, f in found) or "no flip there"
    return Finding(
        predicted=f"{source}→{target} turns from helpful to harmful after {stage_name(earlier)} "
        f"has begun to be learnt (10 %: step {before:.0f}) and before {stage_name(own)} is half "
        f"learnt ({until:.0f}), by bif and by unrolled",
        measured=f"{where}; {len(turning)} of {len(e.pairs())} pairs turn harmful ({bif})",
        interval="; ".join(
            f"{label} [{f.ci_low:.0f}, {f.ci_high:.0f}], q {_small(f.q_value)}"
            for label, f in found
        ),
        verdict=graded(held),
        reason=f"{sum(h is True for h in held)} of 2 estimators flip in that window",
    )


@claim(
    "C3",
    "Distinctions are learnt top-down, and each pair's influence peaks as its own is",
    origin="paper",
    room="toy",
    figure="influence_all_pairs",
    reads=("transitions", "distinction_peaks"),
)
def learnt_top_down(e: ToyEvidence) -> Finding:
    """C3: coarse distinctions first, and each pair's influence peaks with its distinction."""
    rows = e.transitions[e.transitions["stage"] != "everything"]
    rows = rows.sort_values("seed").set_index("node")
    later = [
        rows.loc[[node.name], "middle"].to_numpy() > rows.loc[[above[-1].name], "middle"].to_numpy()
        for node in e.tree.distinctions()
        if (above := _above(e, node))
    ]
    if not later:
        raise NoEvidence("the hierarchy has one distinction only: there is no order")
    order = float(np.mean(np.concatenate(later)))
    peaks = e.peaks_by_distinction()
    nodes = peaks.groupby("node", sort=False)[["peak", "middle"]].median()
    rho, _ = rank_agreement(nodes["peak"], nodes["middle"], rng=e.rng)
    rise = (peaks["peak"] - peaks["start"]) / (peaks["end"] - peaks["start"])
    during = float(rise.between(0, 1).mean())
    part = rise.groupby(peaks["node"]).median()
    return Finding(
        predicted="every finer distinction is learnt later than the one above it, in every seed; "
        f"harmful peaks come in the order of the stages (rank correlation ≥ {GOOD}); more than "
        "half of them inside the rise (10–90 %) of the pair's own distinction",
        measured=f"top-down in {order:.0%} of cases; rank correlation {rho:.2f} over {len(nodes)} "
        f"distinctions; {during:.0%} of {len(peaks)} peaks inside the rise",
        interval=f"peaks at {part.min():.2f} to {part.max():.2f} of the rise, by distinction",
        verdict=graded([order == 1.0, rho >= GOOD, during > 0.5]),
        reason=f"the median peak comes {rise.median():.0%} of the way through the rise, where a "
        "distinction grows fast and there is still an error to correct",
    )


def _turns(
    e: ToyEvidence, label: str, pair: tuple[str, str], before: float, until: float, found: bool
) -> Held:
    """Does a curve turn harmful between two steps? Without a flip that was found it does not where
    it is surely still helpful at the end, or surely harmful already at the beginning; else it is
    open."""
    rows = e.trajectories
    chosen = (rows["label"] == label) & (rows["source"] == pair[0]) & (rows["target"] == pair[1])
    curve = rows[chosen].sort_values("step")
    inside = curve[(curve["step"] >= before) & (curve["step"] <= until)]
    if found or inside.empty:
        return found or None
    still, already = inside["high"].iloc[-1] < 0, inside["low"].iloc[0] > 0
    return False if still or already else None


def _above(e: ToyEvidence, node: Node) -> list[Node]:
    """Distinctions above `node`, from the root down."""
    leaves = set(node.leaves())
    return [
        other
        for other in e.tree.distinctions()
        if leaves <= set(other.leaves()) and other.name != node.name
    ]


def _small(p: float) -> str:
    """A small probability as text."""
    return f"= {p:.0e}" if p > 1e-99 else "< 1e-99"
