"""C5 and X12: what removing a sample inside a window does by the window's end, and later. The rules
stand in docs/explanation/rules-of-verdict/c5.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded, over_seeds
from analysis.claims.decisions import Held, above, below, runs_needed, what_decides
from analysis.claims.thresholds import GOOD, LATER, MOST, WINDOW
from analysis.claims.toy_evidence import ToyEvidence
from analysis.tables.curves import influence_array

FEWEST = 5  # positions of windows, to speak of following


@dataclass(frozen=True)
class SeedWindows:
    """Windows of one seed, over their positions (ascending), every ordered pair of different items.

    Attributes:
        start, end: first step without the source, first with it again, (windows,).
        bif: influence at the windows' middles, (windows, pairs).
        end_effect, largest_effect: in squared-error units, (windows, pairs).
        largest_step: of the largest effect, (windows, pairs).
    """

    start: np.ndarray
    end: np.ndarray
    bif: np.ndarray
    end_effect: np.ndarray
    largest_effect: np.ndarray
    largest_step: np.ndarray


@claim(
    "C5",
    "Removing a sample inside a window matters most at the BIF peak",
    origin="paper",
    room="toy",
    figure="window_ablation",
    reads=("windows", "influence"),
)
def windows_follow(e: ToyEvidence) -> Finding:
    """C5: the effect at the window's end follows BIF; the largest later effect beside."""
    length, seeds = windows_of(e)
    found = {
        outcome: [followed(w, getattr(w, outcome)) for w in seeds]
        for outcome in ("end_effect", "largest_effect")
    }
    graded_on, beside = found["end_effect"], found["largest_effect"]
    follow, apart = ([one[k] for one in graded_on] for k in (0, 1))
    parts: dict[str, Held] = {
        "it follows BIF": above(follow, GOOD),
        "extremes within a window": below(apart, length),
    }
    needed = {
        "it follows BIF": runs_needed(follow, GOOD),
        "extremes within a window": runs_needed(apart, length),
    }
    undecided = what_decides({name: needed[name] for name, held in parts.items() if held is None})
    told = {
        name: (over_seeds([o[0] for o in values]), over_seeds([o[1] for o in values], ".0f"))
        for name, values in (("at the window's end", graded_on), ("largest later", beside))
    }
    return Finding(
        predicted=f"the effect at the window's end follows BIF over the positions of {length}-step "
        f"windows (median correlation over pairs above {GOOD}) and is largest within one window of "
        "BIF's extreme (median)",
        measured="; ".join(
            f"{name}: correlation {r[1]}, extremes {gap[1]} steps apart"
            for name, (r, gap) in told.items()
        ),
        interval="; ".join(f"{r[2]}, {gap[2]}" for r, gap in told.values()),
        verdict=graded(list(parts.values())),
        reason="graded on the effect at the window's end; the largest effect at any later time is "
        "claim X12's" + (f"; {undecided}" if undecided else ""),
    )


@claim(
    "X12",
    "The largest later effect of an early window is a delay of the escape from the saddle",
    origin="extension",
    room="toy",
    figure="window_ablation",
    reads=("windows", "influence", "transitions"),
)
def early_windows_delay(e: ToyEvidence) -> Finding:
    """X12: early windows act when the first distinction is learnt; later ones follow BIF."""
    length, seeds = windows_of(e)
    later, follow, factor = [], [], []
    for seed, windows in zip(sorted(e.tables["windows"]["seed"].unique()), seeds, strict=True):
        start, middle = first_distinction(e.transitions, seed)
        early, late = windows.end <= start, windows.start >= middle
        if not early.any() or late.sum() < FEWEST:
            raise NoEvidence(
                f"seed {seed}: {early.sum()} windows end before the first distinction is 10 % "
                f"learnt, {late.sum()} begin after it is half learnt; needed: 1 and {FEWEST}"
            )
        later.append(float((windows.largest_step[early] >= start).mean()))
        sizes = np.abs(windows.end_effect[early])
        ratio = np.abs(windows.largest_effect[early]) / np.where(sizes > 0, sizes, np.nan)
        factor.append(float(np.nanmedian(ratio)))
        kept = SeedWindows(**{name: value[late] for name, value in vars(windows).items()})
        follow.append(followed(kept, kept.largest_effect)[0])
    values = {"early windows act later": (later, MOST), "later windows follow BIF": (follow, GOOD),
              "early windows act more later": (factor, LATER)}  # fmt: skip
    parts = {name: above(*pair) for name, pair in values.items()}
    needed = {name: runs_needed(*values[name]) for name, held in parts.items() if held is None}
    shown = [over_seeds(later, ".1%"), over_seeds(follow), over_seeds(factor, ".1f")]
    return Finding(
        predicted=f"of {length}-step windows that end before the first distinction is 10 % learnt, "
        "more than two thirds (with pairs) have their largest effect after that step, more than "
        f"{LATER:g} times as large as at their own end (median); from windows that begin after it "
        f"is half learnt, the largest later effect follows BIF (median correlation above {GOOD})",
        measured=f"{shown[0][1]} of early windows and pairs act later, {shown[2][1]} times as much "
        f"as at their end; late windows: correlation {shown[1][1]}",
        interval=f"{shown[0][2]}; {shown[2][2]}; {shown[1][2]}",
        verdict=graded(list(parts.values())),
        reason=what_decides(needed) or "the escape from the saddle is read from losses alone",
    )


def windows_of(e: ToyEvidence) -> tuple[int, list[SeedWindows]]:
    """Windows of the length nearest to `WINDOW`, seed by seed.

    Args:
        e: the toy's tables.

    Returns:
        that length, in steps, and the windows of every seed.
    """
    table = e.tables["windows"]
    lengths = table["end"] - table["start"]
    length = int(min(lengths.unique(), key=lambda x: abs(x - WINDOW)))
    steps, bif = e.seed_curves(e.posterior_label)
    different = ~np.eye(len(e.tree.items), dtype=bool)
    found = []
    rows_by_seed = table[lengths == length].groupby("seed")
    for curve, (_, rows) in zip(bif[:, :, different], rows_by_seed, strict=True):
        placed = rows.rename(columns={"start": "step"})
        start = np.sort(rows["start"].unique())
        values = {
            name: influence_array(placed, e.tree.items, name).values[0][:, different]
            for name in ("end_effect", "largest_effect", "largest_step")
        }
        middle = start + length / 2
        there = np.stack([np.interp(middle, steps, pair) for pair in curve.T], axis=1)
        found.append(SeedWindows(start=start, end=start + length, bif=there, **values))
    return length, found


def followed(windows: SeedWindows, effect: np.ndarray) -> tuple[float, float]:
    """How an effect follows BIF over the windows' positions.

    Args:
        windows: of one seed.
        effect: (windows, pairs), squared-error units.

    Returns:
        median over pairs of the correlation, from -1 to 1, and of the steps between the extremes.
    """
    each = [np.corrcoef(x, y)[0, 1] for x, y in zip(effect.T, windows.bif.T, strict=True)]
    gap = windows.start[np.abs(effect).argmax(0)] - windows.start[np.abs(windows.bif).argmax(0)]
    return float(np.median(each)), float(np.median(np.abs(gap)))


def first_distinction(transitions: pd.DataFrame, seed: int) -> tuple[float, float]:
    """When the distinction nearest to the root is learnt.

    Args:
        transitions: of the toy.
        seed: of the run.

    Returns:
        steps at which 10 and 50 % are learnt.

    Raises:
        NoEvidence: it is not, within that training.
    """
    rows = transitions[(transitions["seed"] == seed) & (transitions["stage"] != "everything")]
    first = rows.sort_values("depth").iloc[0]
    if not np.isfinite([first["start"], first["middle"]]).all():
        raise NoEvidence(f"{first['stage']} is not learnt within the training of seed {seed}")
    return float(first["start"]), float(first["middle"])
