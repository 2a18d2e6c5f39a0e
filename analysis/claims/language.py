"""The claims about language models, C7, C8, C10 and X6, from result tables alone.

A run is the unit: what a claim says must hold in at least two thirds of the runs, or in their
mean by Student's t. Each finding says which run of the pipeline its verdict rests on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.language_evidence import LanguageEvidence, most, share
from analysis.claims.thresholds import (
    CHANGE,
    GOOD,
    RATIO,
    SIGNIFICANCE,
    SIGNS,
)
from analysis.development.transitions import boundaries
from analysis.statistics.alignment import checkpoint_index, joint_alignment


@claim(
    "C7",
    "Induction–induction influence bends as induction forms, strengthens, then falls",
    origin="paper",
    room="language",
    figure="induction_and_delimiters",
    reads=("transitions", "events", "trajectories"),
)
def induction_strengthens(e: LanguageEvidence) -> Finding:
    """C7: a peak at the transition, more of it afterwards, less at the end."""
    pair = ("induction", "induction")
    bends, strengthens, falls, peaks = [], [], [], []
    for seed in e.seeds:
        stage = e.formation(seed)
        found = e.events("bif", *pair, seed)
        found = found[(found["direction"] == "minimum") & (found["value"] < 0)]
        inside = found[(found["ci_low"] <= stage["end"]) & (found["ci_high"] >= stage["start"])]
        bends.append(not inside.empty)
        peaks += [(seed, row.step, row.ci_low, row.ci_high) for row in inside.head(1).itertuples()]
        curve = e.curve("bif_normalized", *pair, seed)
        before = curve[curve["step"] <= stage["start"]].iloc[-1]
        after = curve[curve["step"] >= stage["end"]]
        strengthens.append(_lower(after.iloc[0], before))
        lowest = after.loc[after["mean"].idxmin()]  # chosen among several: corrected for that
        falls.append(_lower(lowest, after.iloc[-1], float(norm.isf(norm.sf(CHANGE) / len(after)))))
    parts = [most(bends), most(strengthens), most(falls)]
    return Finding(
        predicted="in at least two thirds of the runs: raw influence has a helpful peak within the "
        "induction transition (25 to 75 % learnt); normalised it is more helpful after than "
        f"before, by {CHANGE:g} standard errors; and by the end less helpful "
        "than at its height (corrected for the checkpoints looked at)",
        measured=f"peak in the transition: {share(bends)} runs"
        + _steps(" (steps ", [p[1] for p in peaks], ")")
        + f"; strengthens across it: {share(strengthens)}; falls by the end: {share(falls)}",
        interval="; ".join(f"seed {s}: [{low:.0f}, {high:.0f}]" for s, _, low, high in peaks),
        verdict=graded(parts),
        reason=e.run_of("events", "trajectories"),
    )


@claim(
    "C8",
    "Left and right delimiters help each other at first and then harm",
    origin="paper",
    room="language",
    figure="induction_and_delimiters",
    reads=("transitions", "events"),
)
def delimiters_flip(e: LanguageEvidence) -> Finding:
    """C8: a flip from helpful to harmful between left and right delimiters."""
    told, steps, held = [], [], {}
    for label in ("bif", "gradient"):
        turned, when = [], []
        for seed in e.seeds:
            found = e.events(label, "left_delimiter", "right_delimiter", seed)
            flips = found[found["kind"] == "flip"]
            harmful = flips[flips["direction"] == "to_harmful"]
            turned.append(not harmful.empty)
            when += [f"{step:.0f}" for step in harmful["step"].tail(1)]
            said = [
                f"{f.direction.replace('_', ' ')} {f.step:.0f} [{f.ci_low:.0f}, {f.ci_high:.0f}]"
                for f in flips.itertuples()
            ]
            told.append(f"{label}, seed {seed}: {', '.join(said) or 'no flip'}")
        held[label] = turned
        steps.append(f"{label} {share(turned)} runs (last at {', '.join(when) or 'no step'})")
    return Finding(
        predicted="raw left–right influence flips from helpful to harmful in at least two thirds "
        "of the runs, sampled (bif) and in its limit (gradient)",
        measured="; ".join(steps),
        interval="; ".join(told),
        verdict=graded([most(turned) for turned in held.values()]),
        reason=e.run_of("events"),
    )


@claim(
    "C10",
    "Influence changes where the model develops",
    origin="paper",
    room="language",
    figure="class_influence",
    reads=("transitions", "trajectories", "events"),
)
def events_align(e: LanguageEvidence) -> Finding:
    """C10: flips and peaks fall near stage boundaries more closely than chance."""
    curves, events = e.tables["trajectories"], e.tables["events"]
    measured = np.sort(curves["step"].unique())
    runs, count = [], 0
    for seed in e.seeds:
        table = e.tables["transitions"]
        marks = boundaries(table[table["seed"] == seed]).to_numpy()
        marks = marks[(marks >= measured[1]) & (marks <= measured[-2])]
        run = events[events["experiment"] == f"language/{e.model}/seed{seed}"]
        run = run[run["estimator"].isin(["bif", "bif_normalized"])]
        if len(run) and len(marks):
            runs.append(
                (checkpoint_index(run["step"], measured), checkpoint_index(marks, measured))
            )
            count += len(run)
    if not runs:
        raise NoEvidence("no flip or peak, or no stage boundary, in any run")
    near, chance, p_value = joint_alignment(
        runs, (0.5, len(measured) - 1.5), np.random.default_rng(e.seed)
    )
    held = p_value < SIGNIFICANCE
    return Finding(
        predicted="flips and peaks of sampled class influence lie nearer to stage boundaries "
        "(from losses alone) than when those of all runs are shifted together at "
        f"random along the measured checkpoints: p < {SIGNIFICANCE:g}",
        measured=f"mean distance {near:.2f} checkpoints, by chance {chance:.2f}; {count} events "
        f"in {len(runs)} runs; p = {p_value:.2g}",
        interval="10,000 shifts",
        verdict="replicated" if held else "not replicated",
        reason=("nearer than chance" if held else "not distinguishable from chance")
        + "; runs are replicates of one development, not independent evidence; "
        + e.run_of("events", "transitions"),
    )


@claim(
    "X6",
    "Class influence under strong localisation is gradient alignment",
    origin="extension",
    room="language",
    figure="localisation_limit",
    reads=("localisation_summary", "trajectories", "events"),
)
def gradients_agree(e: LanguageEvidence) -> Finding:
    """X6: the sampled influence approaches its limit as the localisation grows."""
    limit = e.tables["localisation_summary"].sort_values("gamma")
    spread = (limit["high"] - limit["low"]).to_numpy()
    off = (limit["ratio"] - 1).abs().to_numpy()
    last = limit.iloc[-1]
    held = [
        last["rank"] >= GOOD,
        last["sign"] >= SIGNS,
        spread[-1] < spread[0],
        off[-1] < RATIO,
    ]
    agreement, common, flips = e.against_limit()
    text = [
        f"γ {row.gamma:g}: ratio {row.ratio:.2f} [{row.low:.2f}, {row.high:.2f}], rank "
        f"correlation {row.rank:.2f}, equal signs {row.sign:.0%}"
        for row in limit.itertuples()
    ]
    return Finding(
        predicted=f"at the largest γ: rank correlation at least {GOOD:g}, equal signs in "
        f"{100 * SIGNS:g} % of the pairs that differ from zero, median ratio of sampled to limit "
        f"within {RATIO:g} of 1; and the ratio's middle half narrower than at the smallest γ. The "
        "noise of the linear part is taken out of sampled influence by the control variate",
        measured="; ".join(text)
        + f"; over all checkpoints and runs at the default γ: rank correlation {agreement:.3f}, "
        f"{common} of {flips} sampled flips also in the limit",
        interval="middle half of the ratio in brackets; sampling alone gives about ±"
        f"{last['noise']:.2f} at the largest γ",
        verdict=graded([bool(h) for h in held]),
        reason=f"{sum(map(bool, held))} of {len(held)} parts hold; "
        + e.run_of("localisation_summary", "trajectories", "events"),
    )


def _lower(first: pd.Series, second: pd.Series, z: float = CHANGE) -> bool:
    """Is the first point below the second by z times their errors?"""
    errors = [(row["high"] - row["low"]) / 4 for row in (first, second)]
    return bool(first["mean"] < second["mean"] - z * float(np.hypot(*errors)))


def _steps(before: str, steps: list[float], after: str) -> str:
    return before + ", ".join(f"{s:.0f}" for s in steps) + after if steps else ""
