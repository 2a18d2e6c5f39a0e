"""Truths of 06_what_to_do_with_it. Reading them spoils the exercises."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.statistics.crossings import first_crossing
from analysis.statistics.uncertainty import mean_interval
from checking import Exercises

exercises = Exercises()
check = exercises.check

RATE, ITEMS, WINDOW = 0.05, 8, 20


@exercises.add(
    1,
    wants="a loss (squared error / 2) with its sign, within 0.0005",
    within=5e-4,
    says="{truth:+.4f}: the dog's presence harms the cat there",
    hint="learning rate × steps / items, times minus the product of the gradients, which is `pull`",
    slips={
        "positive influence is harmful: with the dog the loss is larger": lambda effect: -effect,
        "the training loss is a mean over the eight items": lambda effect: 8 * effect,
        "that is for one step; the window has twenty": lambda effect: effect / 20,
    },
)
def first_order_effect(pull: float) -> float:
    return RATE * WINDOW / ITEMS * float(pull)


@exercises.add(
    2,
    wants="a training step, within 10",
    within=10.0,
    says="step {truth:.0f}",
    hint="where does `effects[20]` go from negative to positive, over `centres[20]`?",
)
def help_turns_to_harm(centres: np.ndarray, effects: np.ndarray) -> float:
    effects = np.asarray(effects, dtype=float)
    lowest = int(effects.argmin())
    crossing = first_crossing(np.asarray(centres)[lowest:], effects[lowest:], 0.0, np.greater_equal)
    return float(crossing)


@exercises.add(
    3,
    wants="the first step of a window, within 10",
    within=10.0,
    says="the window from step {truth:.0f}",
    hint="`at_deadline[300]`: the change of the cat's loss at step 300, by the window's first step",
)
def best_window(starts: np.ndarray, change: np.ndarray) -> float:
    return float(np.asarray(starts)[int(np.asarray(change).argmin())])


@exercises.add(
    4,
    wants="a share from 0 to 1, within 0.01",
    within=0.01,
    says="{truth:.0%} of what happened is left in the sum",
    hint="the size of the sum over the sum of the sizes",
    slips={"that is what cancelled; asked for is what is left": lambda share: 1 - share},
)
def left_of_the_sum(pulls: np.ndarray) -> float:
    pulls = np.asarray(pulls, dtype=float)
    return float(abs(pulls.sum()) / np.abs(pulls).sum())


@exercises.add(
    5,
    wants="an array or list of horizons, in increasing order",
    says="horizons {truth}",
    hint="rows with when = difference, whose interval lies above zero: low > 0",
)
def surely_better(means: pd.DataFrame) -> np.ndarray:
    rows = means[(means["when"] == "difference") & (means["low"] > 0)]
    return np.sort(rows["horizon"].to_numpy())


@exercises.add(
    6,
    wants="half the width of an interval of rank correlations, within 0.003",
    within=3e-3,
    says="± {truth:.3f} over eight runs",
    hint="first the mean over each run's checkpoints, then 2.365 standard errors over the runs",
)
def half_width(forecast: pd.DataFrame) -> float:
    chosen = forecast[(forecast["label"] == "bif") & (forecast["horizon"] == 1)]
    by_run = (chosen["now"] - chosen["end"]).groupby(chosen["seed"]).mean().to_numpy()
    mean, _, high = mean_interval(by_run[:, None])
    return float(high[0] - mean[0])


@exercises.add(
    7,
    wants="a list of arms such as ['120-240'], earliest first",
    says="all others might be as quick as spreading it",
    hint="class induction, against uniform, and the whole interval above zero: low > 0",
)
def surely_slower(differences: pd.DataFrame) -> list[str]:
    rows = differences[
        (differences["class"] == "induction")
        & (differences["against"] == "uniform")
        & (differences["arm"] != "none")
        & (differences["low"] > 0)
    ]
    return rows.sort_values("start")["arm"].tolist()
