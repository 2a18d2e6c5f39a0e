"""Worlds for C7: the curve of induction on induction over training."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.induction import PAIR
from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.power.base import truth
from analysis.claims.power.language import RUNS, STEPS, curve_rows, evidence, formed
from analysis.development.transitions import octaves

ERROR = 0.0024  # standard error of one run's normalised influence at a checkpoint
PLATEAU, SPREAD = -0.005, 0.002  # mean over runs, and its spread
RAW = 2e-3  # raw influence in units of normalised
NEVER = float("inf")


def world(
    rng: np.random.Generator, *, bend: tuple[float, float], depth: float, kept: float
) -> LanguageEvidence:
    """Eight runs whose curves have a plateau, a line down to the height, and a line back.

    Args:
        rng: source of random numbers.
        bend: least and greatest position, 0: start of the forming, 1: its end.
        depth: height below the plateau, normalised influence; runs spread by a third around it.
        kept: share of it that is left at the end of training.

    Returns:
        the evidence.
    """
    stages, rows = formed(rng), []
    for seed in range(RUNS):
        stage = stages[(stages["seed"] == seed) & (stages["stage"] == "induction")].iloc[0]
        at = stage["start"] + rng.uniform(*bend) * (stage["end"] - stage["start"])
        height = max(1.5 * stage["end"], 1.3 * at)
        low = depth * rng.uniform(0.67, 1.33)
        shape = np.interp(
            octaves(STEPS), octaves(np.array([at, height, 2 * height])), [0.0, low, kept * low]
        )
        mean = PLATEAU + rng.normal(0, SPREAD) - shape
        for label, scale in (("bif_normalized", 1.0), ("bif", RAW)):
            noisy = scale * (mean + rng.normal(0, ERROR, len(STEPS)))
            rows.append(curve_rows(label, PAIR, seed, noisy, scale * ERROR))
    return evidence({"transitions": stages, "trajectories": pd.concat(rows, ignore_index=True)})


def steady(rng: np.random.Generator) -> LanguageEvidence:
    """Eight runs whose influence strengthens evenly, from the first step to the last.

    Args:
        rng: source of random numbers.

    Returns:
        the evidence.
    """
    stages, rows = formed(rng), []
    for seed in range(RUNS):
        line = PLATEAU - 0.02 * np.interp(octaves(STEPS), octaves(STEPS[[0, -1]]), [0.0, 1.0])
        for label, scale in (("bif_normalized", 1.0), ("bif", RAW)):
            noisy = scale * (line + rng.normal(0, ERROR, len(STEPS)))
            rows.append(curve_rows(label, PAIR, seed, noisy, scale * ERROR))
    return evidence({"transitions": stages, "trajectories": pd.concat(rows, ignore_index=True)})


truth("C7", "bends inside, strengthens fivefold, falls by half", holds="yes")(
    partial(world, bend=(0.1, 0.6), depth=0.02, kept=0.5)
)
truth("C7", "the same, half as strong", holds="yes")(
    partial(world, bend=(0.1, 0.6), depth=0.01, kept=0.5)
)
truth("C7", "bends inside, strengthens, does not fall", holds="in part")(
    partial(world, bend=(0.1, 0.6), depth=0.02, kept=1.0)
)
truth("C7", "bends one forming before it, strengthens, falls", holds="in part")(
    partial(world, bend=(-1.2, -0.8), depth=0.02, kept=0.5)
)
truth("C7", "bends one forming after it, strengthens, falls", holds="in part")(
    partial(world, bend=(1.8, 2.2), depth=0.02, kept=0.5)
)
truth("C7", "flat throughout", holds="no")(partial(world, bend=(0.1, 0.6), depth=0.0, kept=0.0))
truth("C7", "strengthens evenly, no bend, no fall", holds="in part")(steady)
