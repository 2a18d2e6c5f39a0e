"""Worlds for C9 and X7: races between windows of extra weight, and forecasts of the next steps."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.power.base import truth
from analysis.claims.power.language import RUNS, STEPS, curve_rows, evidence, formed
from analysis.interventions.summaries import ALL, over_runs

WINDOWS = [(start, start + 120) for start in range(0, 600, 120)]
NAMES = ("now", "end", "difference")


def races(rng: np.random.Generator, *, gain: float, spread: float) -> LanguageEvidence:
    """Eight runs in which a window inside the forming of induction gains steps.

    Args:
        rng: source of random numbers.
        gain: steps by which the loss passes earlier than with a window before.
        spread: standard deviation of a crossing, steps.

    Returns:
        the evidence.
    """
    stages, rows, curves = formed(rng), [], []
    for seed in range(RUNS):
        stage = stages[(stages["seed"] == seed) & (stages["stage"] == "induction")].iloc[0]
        arms = {"none": (0, 0), **{f"{a}-{b}": (a, b) for a, b in WINDOWS}, "uniform": (0, 600)}
        for arm, (start, stop) in arms.items():
            overlap = min(stop, stage["middle"]) - max(start, stage["start"])
            inside = arm not in ("none", "uniform") and overlap > 0
            when = stage["end"] - gain * inside + rng.normal(0, spread)
            rows.append({"class": "induction", "arm": arm, "start": start, "stop": stop,
                         "seed": seed, "crossing": when, "threshold": 1.5,
                         "outcome": "induction", "censored": False})  # fmt: skip
        near = np.exp(-(((STEPS - stage["middle"]) / 80) ** 2))
        noisy = -1e-5 * near + rng.normal(0, 2e-6, len(STEPS))
        curves.append(curve_rows("bif", ("induction", "induction"), seed, noisy, 2e-6))
    tables = {"threshold_times": pd.DataFrame(rows), "transitions": stages,
              "trajectories": pd.concat(curves, ignore_index=True)}  # fmt: skip
    return evidence(tables)


def forecasts(rng: np.random.Generator, *, now: float, end: float) -> LanguageEvidence:
    """Eight runs whose rank correlations with the next steps spread by 0.15.

    Args:
        rng: source of random numbers.
        now: of influence at the checkpoint, from -1 to 1.
        end: of influence at the end.

    Returns:
        the evidence.
    """
    rows = []
    for horizon in (1, 2):
        values = np.array([now, end]) + rng.normal(0, 0.15, (RUNS, 2))
        each = (values[:, 0], values[:, 1], values[:, 0] - values[:, 1])
        for label in ("bif", "gradient"):
            for when, column in zip(NAMES, each, strict=True):
                mean, low, high = (float(x) for x in over_runs(column))
                rows.append({"label": label, "stage": ALL, "horizon": horizon, "when": when,
                             "mean": mean, "low": low, "high": high, "seeds": RUNS})  # fmt: skip
    return evidence({"forecast_means": pd.DataFrame(rows)})


truth("C9", "100 steps earlier, crossings spread by 60", holds="yes")(
    partial(races, gain=100.0, spread=60.0)
)
truth("C9", "100 steps earlier, crossings spread by 180", holds="yes")(
    partial(races, gain=100.0, spread=180.0)
)
truth("C9", "no gain, crossings spread by 60", holds="no")(partial(races, gain=0.0, spread=60.0))
truth("C9", "100 steps later, crossings spread by 60", holds="no")(
    partial(races, gain=-100.0, spread=60.0)
)
truth("X7", "correlation 0.8 now, 0.5 by the end's influence", holds="yes")(
    partial(forecasts, now=0.8, end=0.5)
)
truth("X7", "0.5 both", holds="no")(partial(forecasts, now=0.5, end=0.5))
truth("X7", "0.3 now, 0.6 by the end's influence", holds="in part")(
    partial(forecasts, now=0.3, end=0.6)
)
