"""C9: extra weight while induction forms, and before. The rule stands in
docs/explanation/rules-of-verdict/c9.md."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.claims.core import Finding, NoEvidence, claim, graded
from analysis.claims.decisions import below, runs_needed, what_decides
from analysis.claims.language_evidence import LanguageEvidence
from analysis.development.transitions import formation
from analysis.interventions.summaries import over_runs

WAYS = ("overlap", "influence")  # of choosing the window inside, before the race
OTHERS = ("windows before", "none", "uniform")  # what it is compared with; the first is graded
Race = dict[str, float]  # of `OTHERS` -> step of passing, inside minus that
Races = dict[str, list[Race]]  # way -> races, run by run


@claim(
    "C9",
    "Up-weighting induction tokens while induction forms speeds it more than before",
    origin="paper",
    room="language",
    figure="upweighting",
    reads=("threshold_times", "transitions", "trajectories"),
)
def timing_matters(e: LanguageEvidence) -> Finding:
    """C9: the window in which induction heads form beats earlier windows; uniform weight beside."""
    table = e.tables["threshold_times"]
    raced = {name: races(e, rows) for name, rows in table.groupby("class")}
    if "induction" not in raced:
        raise NoEvidence("induction is not among the classes up-weighted")
    own = raced["induction"]
    if all(len(each) < 2 for each in own.values()):
        raise NoEvidence(
            "fewer than two runs with a window inside the forming of induction and one before it"
        )
    gains = {way: [race[OTHERS[0]] for race in each] for way, each in own.items()}
    held = {way: below(gain, 0) for way, gain in gains.items()}
    runs = table["seed"].nunique()
    needed = {
        f"inside by {way} ({len(gains[way])} of {runs} runs)": runs_needed(gains[way], 0)
        for way in WAYS
        if held[way] is None
    }
    measured, intervals = told(raced)
    never = table.groupby("class")["censored"].sum()
    return Finding(
        predicted="the loss passes its threshold earlier when the extra weight lies in the window "
        "inside than in the windows before it, whether inside is the window that overlaps most "
        "with the forming of induction (25 to 50 % learnt) or the one in which influence among "
        "induction tokens is most helpful: each paired difference in steps is below zero (95 %)",
        measured="; ".join(measured)
        + f" (steps, {runs} runs); never passed: "
        + ", ".join(f"{count} of {name}" for name, count in never.items()),
        interval="; ".join(intervals),
        verdict=graded(list(held.values())),
        reason=(f"{what_decides(needed)}; " if needed else "")
        + "the verdict is induction's, against windows before; against no extra weight and against "
        "the same total spread evenly is shown beside; "
        + e.run_of("threshold_times", "transitions"),
    )


def told(raced: Mapping[str, Races]) -> tuple[list[str], list[str]]:
    """Mean paired differences in words, and their intervals.

    Args:
        raced: class -> its races.

    Returns:
        a text each per class, way and opponent, where at least two runs race.
    """
    measured, intervals = [], []
    for name, ways in raced.items():
        for way, each in ways.items():
            for against in OTHERS if len(each) > 1 else ():
                mean, low, high = over_runs(np.array([race[against] for race in each]))
                part = f"{name}, inside by {way} minus {against}"
                measured.append(f"{part}: {mean:+.0f}")
                intervals.append(f"{part} [{low:.0f}, {high:.0f}]")
            if len(each) < 2:
                measured.append(f"{name}, inside by {way}: {len(each)} run(s), too few")
    return measured, intervals


def races(e: LanguageEvidence, times: pd.DataFrame) -> Races:
    """The window inside against the others, run by run.

    Args:
        e: the model's tables.
        times: rows of one class in `threshold_times`.

    Returns:
        way of choosing the window -> its races; runs in which no window is inside, or none before
        it, or the loss never passed with it, have none.
    """
    stage, name = times["outcome"].iloc[0], times["class"].iloc[0]
    found: Races = {way: [] for way in WAYS}
    for seed, arms in times.groupby("seed"):
        windows = arms[~arms["arm"].isin(["none", "uniform"])].sort_values(["start", "stop"])
        by_arm = arms.set_index("arm")["crossing"]
        chosen = {
            "overlap": by_overlap(e, windows, stage, int(seed)),
            "influence": by_influence(e, windows, name, int(seed)),
        }
        for way, inside in chosen.items():
            if inside is None or inside["censored"]:
                continue
            before = windows.loc[windows["stop"] <= inside["start"], "crossing"]
            if len(before):
                others = before.mean(), by_arm["none"], by_arm["uniform"]
                race = {o: inside["crossing"] - x for o, x in zip(OTHERS, others, strict=True)}
                found[way].append(race)
    return found


def by_overlap(
    e: LanguageEvidence, windows: pd.DataFrame, stage: str, seed: int
) -> pd.Series | None:
    """The window that overlaps most with the forming of what is waited for, 25 to 50 % learnt.

    Args:
        e: the model's tables.
        windows: of one run, in time order: start, stop.
        stage: what is waited for.
        seed: of the run.

    Returns:
        its row, the earlier of two that overlap alike; None where none overlaps.
    """
    table = e.tables["transitions"]
    rows = formation(table) if stage == "induction" else table[table["stage"] == stage]
    rows = rows[rows["seed"] == seed]
    if rows.empty or windows.empty or not np.isfinite(rows.iloc[0]["middle"]):
        return None
    start, middle = rows.iloc[0]["start"], rows.iloc[0]["middle"]
    overlap = windows["stop"].clip(upper=middle) - windows["start"].clip(lower=start)
    return windows.loc[overlap.idxmax()] if overlap.max() > 0 else None


def by_influence(
    e: LanguageEvidence, windows: pd.DataFrame, name: str, seed: int
) -> pd.Series | None:
    """The window in which raw sampled influence of a class on itself is most helpful, in the run
    without extra weight.

    Args:
        e: the model's tables.
        windows: of one run, in time order: start, stop.
        name: of the class.
        seed: of the run.

    Returns:
        its row; None where no checkpoint lies in any window.
    """
    curve = e.curve("bif", name, name, seed)
    means = [
        curve.loc[(curve["step"] >= w.start) & (curve["step"] < w.stop), "mean"].mean()
        for w in windows.itertuples()
    ]
    if not np.isfinite(means).any():
        return None
    return windows.iloc[int(np.nanargmin(means))]
