"""Worlds for C10: events and stage boundaries along checkpoints."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from analysis.claims.language_evidence import LanguageEvidence
from analysis.claims.power.base import truth
from analysis.claims.power.language import MODEL, RUNS, STEPS, evidence

BOUNDARIES, EVENTS = 7, 22  # of a run, as in recorded runs
OWN = 0.4  # checkpoints by which a run departs from the common pattern
LAST = len(STEPS) - 1


def world(
    rng: np.random.Generator, *, near: float, common: bool = True, scatter: float = 0.5
) -> LanguageEvidence:
    """Eight runs of one development.

    Args:
        rng: source of random numbers.
        near: share of events that belong to a boundary; the others fall anywhere.
        common: whether what falls anywhere is a pattern common to the runs.
        scatter: checkpoints by which an event misses its boundary, standard deviation.

    Returns:
        the evidence.
    """
    marks = np.sort(rng.uniform(2, LAST - 2, BOUNDARIES))
    own = rng.integers(BOUNDARIES, size=EVENTS)
    stray, belongs = rng.uniform(1, LAST - 1, EVENTS), rng.uniform(size=EVENTS) < near
    stages, events = [], []
    for seed in range(RUNS):
        here = marks + rng.normal(0, OWN, BOUNDARIES)
        elsewhere = stray if common else rng.uniform(1, LAST - 1, EVENTS)
        at = np.where(belongs, here[own] + rng.normal(0, scatter, EVENTS),
                      elsewhere + rng.normal(0, OWN, EVENTS))  # fmt: skip
        for k, step in enumerate(_steps(here)):
            stages.append({"stage": f"s{k}", "start": step, "middle": step, "end": np.nan,
                           "seed": seed})  # fmt: skip
        for step in _steps(at):
            events.append({"experiment": f"language/{MODEL}/seed{seed}", "estimator": "bif",
                           "step": step})  # fmt: skip
    curves = pd.DataFrame({"step": STEPS})
    tables = {"transitions": pd.DataFrame(stages), "events": pd.DataFrame(events),
              "trajectories": curves}  # fmt: skip
    return evidence(tables)


def _steps(positions: np.ndarray) -> np.ndarray:
    """Positions on the axis of checkpoints as steps."""
    return np.interp(np.clip(positions, 0.6, LAST - 1.1), np.arange(len(STEPS)), STEPS)


truth("C10", "every event half a checkpoint from a boundary", holds="yes")(partial(world, near=1.0))
truth("C10", "half of the events at boundaries", holds="yes")(partial(world, near=0.5))
truth("C10", "events anywhere, a pattern common to the runs", holds="no")(partial(world, near=0.0))
truth("C10", "events anywhere, run by run", holds="no")(partial(world, near=0.0, common=False))
