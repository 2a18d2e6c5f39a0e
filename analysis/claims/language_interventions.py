"""The claims about language models that rest on interventions in training, C9 and X7."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.language_evidence import LanguageEvidence
from analysis.development.transitions import formation
from analysis.interventions.summaries import ALL, over_runs


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
