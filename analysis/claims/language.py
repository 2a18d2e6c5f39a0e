"""The claims about language models, C7 to C10, X6 and X7, from result tables alone.

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
from analysis.development.transitions import boundaries, formation
from analysis.interventions.summaries import ALL, over_runs
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
    "C9",
    "Up-weighting induction tokens while induction forms speeds it more than before",
    origin="paper",
    room="language",
    figure="upweighting",
    reads=("threshold_times", "transitions"),
)
def timing_matters(e: LanguageEvidence) -> Finding:
    """C9: the window in which induction heads form beats earlier windows, and uniform weight."""
    table = e.tables["threshold_times"]
    told, intervals = [], []
    verdicts: dict[str, list[bool]] = {}
    for name in sorted(table["class"].unique()):
        times = table[table["class"] == name]
        try:
            compared = _inside_against_others(e, times, times["outcome"].iloc[0])
        except NoEvidence as missing:
            if name == "induction":
                raise
            told.append(f"{name}: {missing}")
            continue
        verdicts[name] = []
        for against, values in compared.items():
            mean, low, high = over_runs(values)
            verdicts[name].append(high < 0)
            told.append(f"{name}, inside minus {against}: {mean:+.0f}")
            intervals.append(f"{name} − {against} [{low:.0f}, {high:.0f}]")
        told.append(f"{int(times['censored'].sum())} of {len(times)} {name} runs never passed")
    if "induction" not in verdicts:
        raise NoEvidence("induction is not among the classes up-weighted")
    return Finding(
        predicted="the loss passes its threshold earlier when the extra weight lies in the window "
        "that overlaps most with the forming of induction (25 to 50 % learnt) than in the windows "
        "before it, than without, and than when the same total is spread evenly: each paired "
        "difference in steps is negative with its 95 % interval",
        measured="; ".join(told) + f" (steps, {table['seed'].nunique()} runs)",
        interval="; ".join(intervals),
        verdict=graded(verdicts["induction"]),
        reason="the verdict is induction's; " + e.run_of("threshold_times", "transitions"),
    )


def _inside_against_others(
    e: LanguageEvidence, times: pd.DataFrame, stage: str
) -> dict[str, np.ndarray]:
    """Crossing of the window at the forming, minus those it is compared with, per run."""
    found: dict[str, list[float]] = {"windows before": [], "none": [], "uniform": []}
    for seed, arms in times.groupby("seed"):
        table = e.tables["transitions"]
        rows = formation(table) if stage == "induction" else table[table["stage"] == stage]
        rows = rows[rows["seed"] == seed]
        if rows.empty or not np.isfinite(rows.iloc[0]["middle"]):
            raise NoEvidence(f"{stage} is not half learnt within the training of seed {seed}")
        start, middle = rows.iloc[0]["start"], rows.iloc[0]["middle"]
        by_arm = arms.set_index("arm")["crossing"]
        windows = arms[~arms["arm"].isin(["none", "uniform"])].sort_values(["start", "stop"])
        if windows.empty:
            raise NoEvidence("no window fits into the training")
        overlap = windows["stop"].clip(upper=middle) - windows["start"].clip(lower=start)
        inside = windows.loc[overlap.idxmax()]
        if overlap.max() <= 0:
            raise NoEvidence(f"no window lies where {stage} forms in seed {seed}")
        if inside["censored"]:
            raise NoEvidence(f"{stage} never passed its threshold in seed {seed}, window inside")
        before = windows[windows["stop"] <= inside["start"]]
        if before.empty:
            raise NoEvidence(f"no window before {stage} begins to form in seed {seed}")
        found["windows before"].append(inside["crossing"] - before["crossing"].mean())
        for other in ("none", "uniform"):
            found[other].append(inside["crossing"] - by_arm[other])
    if len(found["none"]) < 2:
        raise NoEvidence("one run only: no interval of a paired difference")
    return {name: np.array(values, dtype=float) for name, values in found.items()}


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


@claim(
    "X7",
    "Influence at a checkpoint predicts the next steps better than influence at the end",
    origin="extension",
    room="language",
    figure="forecast",
    reads=("forecast_means",),
)
def influence_predicts(e: LanguageEvidence) -> Finding:
    """X7: rank correlation with the measured effect of up-weighting each class."""
    table = e.tables["forecast_means"]
    table = table[table["stage"] == ALL]
    bif = table[table["label"] == "bif"].set_index(["horizon", "when"])
    if bif.empty or int(bif["seeds"].iloc[0]) < 2:
        raise NoEvidence("one run only: no interval")
    exact = table[table["label"] == "gradient"].set_index(["horizon", "when"])["mean"]
    told, intervals, held = [], [], []
    for horizon in sorted(bif.index.unique("horizon")):
        now, end, gain = (bif.loc[(horizon, when)] for when in ("now", "end", "difference"))
        told.append(
            f"{horizon} step(s): {now['mean']:.2f} (gradient {exact[horizon, 'now']:.2f}) against "
            f"{end['mean']:.2f}"
        )
        intervals.append(f"{horizon}: difference [{gain['low']:.2f}, {gain['high']:.2f}]")
        held += [bool(now["low"] > 0), bool(gain["low"] > 0)]
    return Finding(
        predicted="at every horizon, Spearman's correlation over ordered pairs of different "
        "classes of raw influence at the checkpoint with the effect of up-weighting the source "
        "over the next steps is above zero, and above that of influence at the end of training, "
        "with 95 % intervals",
        measured="; ".join(told) + f" ({int(bif['seeds'].iloc[0])} runs)",
        interval="; ".join(intervals),
        verdict=graded(held),
        reason=f"{sum(held)} of {len(held)} parts hold; " + e.run_of("forecast_means"),
    )


def _lower(first: pd.Series, second: pd.Series, z: float = CHANGE) -> bool:
    """Is the first point below the second by z times their errors?"""
    errors = [(row["high"] - row["low"]) / 4 for row in (first, second)]
    return bool(first["mean"] < second["mean"] - z * float(np.hypot(*errors)))


def _steps(before: str, steps: list[float], after: str) -> str:
    return before + ", ".join(f"{s:.0f}" for s in steps) + after if steps else ""
