"""C7: how induction tokens influence one another as induction forms. The rule stands in
docs/explanation/rules-of-verdict/c7.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import (
    Held,
    above,
    against,
    below,
    in_most,
    mean_and_most,
    positive,
    runs_needed,
    together,
    what_decides,
)
from analysis.claims.language_evidence import LanguageEvidence, share
from analysis.claims.thresholds import LONG_ENOUGH, MOST, SIGNIFICANCE
from analysis.development.transitions import OCTAVE_START, octaves
from analysis.statistics.hinge import FEWEST, Hinge, fit_hinge
from analysis.statistics.uncertainty import mean_interval

PAIR = ("induction", "induction")
LAST = 3  # checkpoints whose mean is the end


@dataclass(frozen=True)
class Run:
    """What one run's curve says.

    Attributes:
        hinge: on the axis of octaves; None where there are too few checkpoints.
        position: of the bend, 0 at the start of the forming and 1 at its end.
        bends, strengthens, falls: of this run; falls is None also where it was not asked.
        change: height minus plateau before the forming; fall: end minus height (NaN: not asked);
            unit of the curve, negative: more helpful.
        long_enough: is it trained long enough to ask whether influence falls?
    """

    hinge: Hinge | None
    position: float
    bends: Held
    change: float
    strengthens: Held
    fall: float
    falls: Held
    long_enough: bool


@claim(
    "C7",
    "Induction–induction influence bends as induction forms, strengthens, then falls",
    origin="paper",
    room="language",
    figure="induction_and_delimiters",
    reads=("transitions", "trajectories"),
    paper="Pythia: bends at about step 128, strengthens until about 30,000, then falls",
)
def induction_strengthens(e: LanguageEvidence) -> Finding:
    """C7: a bend while induction forms, more of it at its height, less at the end."""
    runs = read_runs(e, "bif_normalized")
    raw = read_runs(e, "bif")
    each = list(runs.values())
    if len(each) < 2:
        raise NoEvidence(few(e, len(each)))
    long = [run for run in each if run.long_enough]
    position = [run.position for run in each if run.bends is not None]
    change, fall = [run.change for run in each], [run.fall for run in long]
    inside = where(each)
    parts: dict[str, Held] = {
        "bends": mean_and_most(inside, in_most([run.bends for run in each])),
        "strengthens": mean_and_most(below(change, 0), in_most([r.strengthens for r in each])),
    }
    needed = {"bends": _at_both_ends(position), "strengthens": runs_needed(change, 0)}
    if long:
        parts["falls"] = mean_and_most(above(fall, 0), in_most([run.falls for run in long]))
        needed["falls"] = runs_needed(fall, 0)
    late = f"falls by the end: {share([r.falls for r in long])}" if long else "falls: too short"
    bends = [float(2**r.hinge.bend - OCTAVE_START) for r in each if r.hinge is not None]
    told = ", ".join(f"{step:.0f}" for step in bends)
    aside = f"raw: strengthens in {share([r.strengthens for r in raw.values()])}"
    aside += f", falls in {share([r.falls for r in raw.values() if r.long_enough])}" if long else ""
    undecided = what_decides({name: needed[name] for name, held in parts.items() if held is None})
    return Finding(
        predicted="normalised influence has a hinge (plateau, then line) that bends between start "
        "and end of the forming of induction (25 and 75 % learnt, from losses alone); is more "
        "helpful at its height than before the forming; and less helpful at the end than there "
        f"(asked of runs at least {LONG_ENOUGH:g} times as long as the forming took): each in two "
        "thirds of the runs, and in their mean",
        measured=f"bends while it forms: {share([run.bends for run in each])} runs (steps {told}); "
        f"strengthens: {share([run.strengthens for run in each])}; {late}; {aside}",
        interval=f"position of the bend (0: start, 1: end) {_interval(position)}; height minus "
        f"before {_interval(change, '.4f')}" + (f"; fall {_interval(fall, '.4f')}" if long else ""),
        verdict=graded(list(parts.values())),
        reason="; ".join(filter(None, [undecided, left_out(e), e.run_of("trajectories")])),
    )


def read_runs(e: LanguageEvidence, label: str) -> dict[int, Run]:
    """What the curve of every run in which induction forms says.

    Args:
        e: the model's tables.
        label: of the curve: bif_normalized or bif.

    Returns:
        seed -> its reading.
    """
    transitions = e.tables["transitions"]
    first = transitions[transitions["stage"] == "unigram"].set_index("seed")["middle"]
    found = {}
    for seed, stage in e.formations().items():
        curve = e.curve(label, *PAIR, seed)
        curve = curve[curve["step"] >= first.get(seed, 0)]
        if len(curve) >= FEWEST and (curve["step"] >= stage["end"]).any():
            found[seed] = read_run(curve, float(stage["start"]), float(stage["end"]))
    return found


def read_run(curve: pd.DataFrame, start: float, end: float) -> Run:
    """What one curve says.

    Args:
        curve: step, mean, error (unit of the curve; negative: helps), in time order, at least five
            checkpoints, the last at `end` or later.
        start: of the forming, step.
        end: of the forming, step.

    Returns:
        the bend with its place, what changes across the forming, and what by the end.
    """
    step, mean, error = (curve[name].to_numpy(float) for name in ("step", "mean", "error"))
    later = np.flatnonzero(step >= start)
    height = int(later[mean[later].argmin()])
    hinge, bends, position = None, None, np.nan
    if height + 1 >= FEWEST:
        upto = slice(0, height + 1)
        hinge = fit_hinge(octaves(step[upto]), mean[upto], error[upto])
        at, low, high = (2**x - OCTAVE_START for x in (hinge.bend, hinge.low, hinge.high))
        position, bends = (at - start) / (end - start), _inside(hinge, low, high, start, end)
    top = mean[[k for k in (height - 1, height + 1) if 0 <= k < len(step)]].mean()
    change = float(top - mean[step <= start].mean())
    long = bool(step[-1] >= LONG_ENOUGH * end)
    fall = float(mean[-LAST:].mean() - top) if long else np.nan
    return Run(
        hinge=hinge,
        position=float(position),
        bends=bends,
        change=change,
        strengthens=against(positive(change)),
        fall=fall,
        falls=positive(fall),
        long_enough=long,
    )


def where(runs: list[Run]) -> Held:
    """Does the mean bend lie within the forming?

    Args:
        runs: of which those with a hinge better than a constant count.

    Returns:
        True, False, or None where fewer than two thirds have one.
    """
    position = [run.position for run in runs if run.bends is not None]
    if len(position) < MOST * len(runs) - 1e-9:
        return None
    return together(above(position, 0), below(position, 1))


def few(e: LanguageEvidence, runs: int) -> str:
    """Why there is nothing to decide from.

    Args:
        e: the model's tables.
        runs: with a curve to read.

    Returns:
        a sentence.
    """
    text = (
        f"{runs} run(s) in which induction forms and influence is measured: at least 2 are needed"
    )
    return "; ".join(filter(None, [text, left_out(e)]))


def left_out(e: LanguageEvidence) -> str:
    """Which runs do not count, in words; "" where all do."""
    missing = [str(seed) for seed in e.seeds if seed not in e.formations()]
    seeds = f"seed{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    return f"induction is not learnt within the training of {seeds}" if missing else ""


def _inside(hinge: Hinge, low: float, high: float, start: float, end: float) -> Held:
    """Does a run bend to the helpful side at a time that may lie within the forming?"""
    if hinge.p_value >= SIGNIFICANCE:
        return None
    return bool(hinge.slope < 0 and low <= end and high >= start)


def _at_both_ends(position: list[float]) -> int | None:
    needed = [runs_needed(position, bound) for bound in (0.0, 1.0)]
    return None if None in needed else max(n for n in needed if n is not None)


def _interval(values: list[float], form: str = ".2f") -> str:
    if not values:
        return "none found"
    mean, low, high = (float(x) for x in mean_interval(np.asarray(values)))
    return f"{mean:{form}} [{low:{form}}, {high:{form}}]"
