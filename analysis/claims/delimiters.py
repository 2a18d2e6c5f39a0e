"""C8: the sign of influence between left and right delimiters, before and after they are learnt.
The rule stands in docs/explanation/rules-of-verdict/c8.md."""

from __future__ import annotations

import numpy as np

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import (
    Held,
    above,
    against,
    in_most,
    mean_and_most,
    positive,
    runs_needed,
    what_decides,
)
from analysis.claims.language_evidence import LanguageEvidence, share
from analysis.statistics.uncertainty import mean_interval

PAIR = ("left_delimiter", "right_delimiter")
CURVES = {"bif": "sampled, raw", "bif_normalized": "sampled, normalised", "gradient": "limit"}
SIDES = ("before", "after")
Means = dict[str, list[float]]  # side -> mean of every run


@claim(
    "C8",
    "Left and right delimiters help each other at first and then harm",
    origin="paper",
    room="language",
    figure="induction_and_delimiters",
    reads=("transitions", "trajectories"),
    paper="Pythia: negative at first, positive later",
)
def delimiters_flip(e: LanguageEvidence) -> Finding:
    """C8: helpful before right delimiters are learnt, harmful after."""
    parts: dict[str, Held] = {}
    needed: dict[str, int | None] = {}
    told, intervals, runs = [], [], 0
    for label, name in CURVES.items():
        means = sides(e, label)
        runs = len(means["before"])
        if runs < 2:
            raise NoEvidence(
                f"{runs} run(s) with right delimiters half learnt and influence measured before "
                "and after: at least 2 are needed"
            )
        for side in SIDES:
            values = np.array(means[side])
            each = [_predicted(side, positive(mean)) for mean in means[side]]
            part = f"{name}, {side}"
            parts[part] = mean_and_most(_predicted(side, above(values, 0)), in_most(each))
            needed[part] = runs_needed(values, 0)
            told.append(f"{part}: {'helps' if side == 'before' else 'harms'} in {share(each)}")
            mean, low, high = (float(x) for x in mean_interval(values))
            intervals.append(f"{part} {mean:.2g} [{low:.2g}, {high:.2g}]")
    undecided = what_decides({name: needed[name] for name, held in parts.items() if held is None})
    lost = len(e.seeds) - runs
    without = f"{lost} of {len(e.seeds)} runs are left out: right delimiters not half learnt"
    return Finding(
        predicted="left–right influence is helpful until right delimiters are 25 % learnt and "
        "harmful from where they are half learnt (from losses alone): sampled raw, sampled "
        "normalised and in the limit, each in two thirds of the runs and in their mean",
        measured="; ".join(told),
        interval="; ".join(intervals),
        verdict=graded(list(parts.values())),
        reason="; ".join(
            filter(None, [undecided, without if lost else "", e.run_of("trajectories")])
        ),
    )


def sides(e: LanguageEvidence, label: str) -> Means:
    """Mean influence before and after, run by run.

    Args:
        e: the model's tables.
        label: of the curve.

    Returns:
        before, after -> mean of every run that has checkpoints on both sides, unit of the curve;
        negative: helps.
    """
    table = e.tables["transitions"]
    found: Means = {side: [] for side in SIDES}
    for seed in e.seeds:
        rows = table[table["seed"] == seed].set_index("stage")
        if PAIR[1] not in rows.index:
            continue
        learnt = rows.loc[PAIR[1]]
        begin = rows.loc["unigram", "middle"] if "unigram" in rows.index else 0.0
        curve = e.curve(label, *PAIR, seed)
        parts = {
            "before": curve[(curve["step"] >= begin) & (curve["step"] <= learnt["start"])],
            "after": curve[curve["step"] >= learnt["middle"]],
        }
        if all(len(part) for part in parts.values()):
            for side, part in parts.items():
                found[side].append(float(part["mean"].mean()))
    return found


def _predicted(side: str, harmful: Held) -> Held:
    """Is the sign the predicted one?"""
    return against(harmful) if side == "before" else harmful
