"""Worlds for C8: the sign of left on right delimiters before and after they are learnt."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.delimiters import PAIR
from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.power.base import truth
from analysis.claims.power.language import RUNS, STEPS, curve_rows, evidence, formed

# label -> unit, standard error at a checkpoint and spread of the runs, in that unit
CURVES = {
    "bif": (1e-4, 0.3, 0.6), "bif_normalized": (0.015, 0.7, 0.6), "gradient": (1e-4, 0.0, 0.6),
}  # fmt: skip


def world(rng: np.random.Generator, *, before: float, after: float) -> LanguageEvidence:
    """Eight runs whose influence changes from one level to another as delimiters are learnt.

    Args:
        rng: source of random numbers.
        before: level until right delimiters are 25 % learnt, in units of `CURVES`.
        after: level from where they are half learnt.

    Returns:
        the evidence.
    """
    stages, rows = formed(rng), []
    for seed in range(RUNS):
        stage = stages[(stages["seed"] == seed) & (stages["stage"] == "right_delimiter")].iloc[0]
        own = rng.normal(0, 1, 2)
        for label, (unit, error, spread) in CURVES.items():
            ends = np.array([before, after]) + spread * own
            mean = np.interp(STEPS, [stage["start"], stage["middle"]], ends)
            noisy = unit * (mean + rng.normal(0, 1, len(STEPS)) * error)
            rows.append(curve_rows(label, PAIR, seed, noisy, unit * error))
    return evidence({"transitions": stages, "trajectories": pd.concat(rows, ignore_index=True)})


truth("C8", "helps, then harms as much", holds="yes")(partial(world, before=-1.2, after=1.2))
truth("C8", "helps, then harms a third as much", holds="yes")(
    partial(world, before=-1.2, after=0.4)
)
truth("C8", "helps, then nothing", holds="no")(partial(world, before=-1.2, after=0.0))
truth("C8", "helps throughout", holds="in part")(partial(world, before=-1.2, after=-1.2))
truth("C8", "harms, then helps", holds="no")(partial(world, before=1.2, after=-1.2))
truth("C8", "nothing throughout", holds="no")(partial(world, before=0.0, after=0.0))
