"""Truths of 04_events_and_evidence. Reading them spoils the exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import false_discovery_control, t

from analysis.statistics.uncertainty import degrees_of_freedom, mean_interval
from checking import Exercises

exercises = Exercises()
check = exercises.check

CHECKPOINTS, RUNS = 26, 8


@exercises.add(
    1,
    wants="a number of sign changes, within 0.1",
    within=0.1,
    says="{truth:g}: half of the 25 steps from one checkpoint to the next",
    hint="how likely do two neighbours differ in sign, and how many pairs of neighbours are there?",
    slips={"26 checkpoints have 25 steps between them": lambda count: count + 0.5},
)
def wiggles() -> float:
    return (CHECKPOINTS - 1) / 2


@exercises.add(
    2,
    wants="a probability from 0 to 1, within 0.01",
    within=0.01,
    says="{truth:.2f}",
    hint="what is the chance that none of them does?",
    slips={"that is the chance that none does": lambda chance: 1 - chance},
)
def some_interval_excludes_zero() -> float:
    return 1 - 0.95**CHECKPOINTS


@exercises.add(
    3,
    wants="a number of standard errors, within 0.05",
    within=0.05,
    says="{truth:.2f} standard errors, with eight runs",
    hint="try numbers z in flat.p_value(z, 52) until it gives 0.05",
    slips={
        "that is for a normal distribution; eight runs know their own spread badly": lambda _: 3.1
    },
)
def sure_of_a_sign() -> float:
    return float(t.isf(0.05 / (2 * CHECKPOINTS), degrees_of_freedom(RUNS)))


def _p_values(seed: int, count: int, real: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(count), rng.random(real) * 1e-3])


@exercises.add(
    4,
    wants="a function of p-values (tests,) that returns q-values in the same order, within 0.1 %",
    within=1e-3,
    tried_on=[
        (np.array([0.01, 0.04, 0.03, 0.5]),),
        (_p_values(0, 40, 10),),
        (_p_values(1, 20, 0),),
    ],
    says="as Benjamini and Hochberg have it",
    hint="sort; p × tests / rank; from the largest down take the least so far; put back in order",
)
def q_values() -> Callable[[np.ndarray], np.ndarray]:
    return false_discovery_control


@exercises.add(
    5,
    wants="a number of training steps, half the interval's width, within 0.3",
    within=0.3,
    says="± {truth:.1f} steps",
    hint="2.365 × (standard deviation with ddof=1) / root of the number of runs",
    slips={
        "that is the spread of single runs; the mean of 8 is surer by their root": lambda half: (
            half * RUNS**0.5
        ),
        "that is a normal interval; with 8 runs it is 2.365, not 1.96": lambda half: (
            half * 1.96 / 2.365
        ),
        "that is the whole width; asked for is half of it": lambda half: 2 * half,
    },
)
def half_width(flips: np.ndarray) -> float:
    mean, _, high = mean_interval(np.asarray(flips, dtype=float)[:, None])
    return float(high[0] - mean[0])


@exercises.add(
    6,
    wants="a p-value from 0 to 1, within 0.001",
    within=1e-3,
    says="p = {truth:.3f}",
    hint="the share of shifts at least as near as what was observed, which counts as a shift too",
    slips={"near is evidence, not far": lambda p: 1 - p},
)
def permutation_p_value(observed: float, null: np.ndarray) -> float:
    return (1 + int((np.asarray(null) <= observed).sum())) / (1 + len(null))
