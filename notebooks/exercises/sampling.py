"""Truths of 03_sampling_a_posterior. Reading them spoils the exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from analysis.estimators.bif import bayesian_influence
from analysis.estimators.bif_gaussian import gaussian_influence, lowest_curvature
from analysis.sampling.diagnostics import MAX_R_HAT
from checking import Exercises
from exercises.samplers import (
    ANSWERS,
    CENTRE,
    GAMMA,
    INPUTS,
    NAMES,
    NBETA,
    draw,
)
from exercises.stages import ITEMS, SCALE, TREE, WIDTH
from models.toy.linear_network import random_weights, sample_derivatives

exercises = Exercises()
check = exercises.check

CURVATURE = 4.0  # nbeta h + gamma of the one-dimensional example
DRAWS = 1000
SURE = 4.0  # standard errors from the exact answer that are no accident


@exercises.add(
    1,
    wants="a step size, within 0.001",
    within=1e-3,
    says="{truth:.4f}",
    hint="set 1 / (1 - step × k / 4) to 1.05, with k = 4",
    slips={"nearly: that is to first order; solve 1 / (1 - step) = 1.05": lambda step: 1.05 * step},
)
def five_per_cent() -> float:
    return 4 / CURVATURE * (1 - 1 / 1.05)


@exercises.add(
    2,
    wants="a number of draws, within 8",
    within=8.0,
    says="about {truth:.0f} of 1,000",
    hint="the loss is a square: its correlation from draw to draw is rho², rho = 1 - step k / 2",
    slips={"that is for w itself; the loss goes with its square": lambda n: _effective(_rho())},
)
def effective_draws() -> float:
    return _effective(_rho() ** 2)


def _rho() -> float:
    return 1 - five_per_cent() * CURVATURE / 2


def _effective(correlation: float) -> float:
    return DRAWS * (1 - correlation) / (1 + correlation)


@exercises.add(
    3,
    wants="a localisation gamma, within 0.5",
    within=0.5,
    says="gamma must exceed {truth:.1f}",
    hint="nbeta × lowest curvature + gamma must be positive; nbeta is 80",
    slips={"that is the curvature; nbeta multiplies it": lambda gamma: gamma / 80},
)
def least_localisation() -> float:
    start = random_weights(ITEMS, len(TREE.features), WIDTH, SCALE, seed=0)
    _, curvature = sample_derivatives(start, torch.tensor(TREE.targets()))
    hessians = curvature.bases @ curvature.core @ curvature.bases.mT
    return -80 * lowest_curvature(hessians)


def _traces(seed: int, chains: int, draws: int, apart: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(chains, draws)) + apart * rng.normal(size=(chains, 1))


@exercises.add(
    4,
    wants="a function of traces (chains, draws) that returns R-hat, a number, within 0.1 %",
    within=1e-3,
    tried_on=[(_traces(0, 8, 50, 0.0),), (_traces(1, 4, 200, 1.0),)],
    says="R-hat",
    hint="W: mean of the chains' variances (ddof=1); B/n: variance of the chains' means (ddof=1)",
)
def r_hat() -> Callable[[np.ndarray], float]:
    def of(traces: np.ndarray) -> float:
        draws = traces.shape[1]
        within = traces.var(axis=1, ddof=1).mean()
        between = traces.mean(axis=1).var(ddof=1)
        return float(np.sqrt(((draws - 1) / draws * within + between) / within))

    return of


def _worst_r_hat(name: str) -> float:
    traces = draw(name).losses[0].numpy()
    return max(r_hat()(traces[..., sample]) for sample in range(traces.shape[-1]))


def _furthest(name: str) -> float:

    gaps = INPUTS @ CENTRE - ANSWERS
    gradients = gaps[:, None] * INPUTS
    hessians = INPUTS[:, :, None] * INPUTS[:, None, :]
    exact = gaussian_influence(gradients, hessians, nbeta=NBETA, gamma=GAMMA).numpy()
    influence, error = bayesian_influence(draw(name).losses[0].numpy())
    return float(np.abs((influence - exact) / error).max())


@exercises.add(
    5,
    wants=f"a name: {', '.join(NAMES)}",
    says="its chains never met",
    hint="whose R-hat is far above 1.05?",
)
def unmixed() -> str:
    return max(NAMES, key=_worst_r_hat)


@exercises.add(
    6,
    wants=f"a name: {', '.join(NAMES)}",
    says="all its chains agree, and all are wrong",
    hint="R-hat near 1, and yet many standard errors from the exact answer",
)
def agreeing_and_wrong() -> str:
    (name,) = (n for n in NAMES if _worst_r_hat(n) < MAX_R_HAT and _furthest(n) > SURE)
    return name


@exercises.add(
    7,
    wants="a factor, within 0.15",
    within=0.15,
    says="{truth:.1f}: the noise of a whole step was put on the drift of half a step",
    hint="divide its influences by the exact ones: near the centre they go with the variance",
    slips={
        "that is the standard deviation's factor": lambda factor: factor**0.5,
        "it is too large, not too small": lambda factor: 1 / factor,
    },
)
def too_wide() -> float:
    right, wrong = (float(draw(name).distance.mean()) for name in ("birch", agreeing_and_wrong()))
    return wrong / right
