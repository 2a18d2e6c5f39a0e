"""Stage: how the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.claims.core import correlations
from analysis.estimators.bif import bayesian_influence
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.posterior import DivergenceError, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.tables.curves import curves, labelled
from stagewise.config import Config
from stagewise.config.toy import SweepConfig
from stagewise.provenance.store import provenance, read_table, write_table
from stagewise.tasks.toy.common import load_checked
from stagewise.tasks.toy.exact import gaussian_by_checkpoint

logger = logging.getLogger(__name__)

RELAXATIONS = 3.0  # burn-in, in relaxation times 2 / relative_step of the localisation
BOOTSTRAP = 500
COLUMNS = [
    "nbeta", "gamma", "relative_step", "step_size", "estimator", "reference", "agreement",
    "ci_low", "ci_high", "definite", "seed",
]  # fmt: skip


def settings(sweep: SweepConfig) -> list[tuple[float, float, float]]:
    """Every (nbeta, gamma, relative step)."""
    return list(itertools.product(sweep.nbeta, sweep.gamma, sweep.relative_step))


def posterior_of(
    sweep: SweepConfig, nbeta: float, gamma: float, relative: float
) -> PosteriorConfig:
    """Sampler settings; the step size is relative to the scale 1 / (gamma + nbeta)."""
    return PosteriorConfig(
        nbeta=nbeta,
        gamma=gamma,
        step_size=relative / (gamma + nbeta),
        chains=sweep.chains,
        draws=sweep.draws,
        burn_in=math.ceil(2 * RELAXATIONS / relative),
        max_diverged=0.5,
    )


def run(
    config: Config,
    checkpoints: Path,
    references: list[Path],
    output: Path,
    *,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write the agreement of every setting with every reference.

    Columns: nbeta, gamma, relative_step, step_size, estimator (bif, and bif_gaussian: the same
    without sampling noise or step size), reference (unrolled, loo_1, ...), agreement (median over
    pairs of different items of the correlation of the two curves over training), ci_low, ci_high
    (95 %, pairs resampled), definite (share of checkpoints where nbeta H + gamma I is positive
    definite), seed. A setting that diverged has no bif rows.
    """
    sweep, run_ = config.toy.sweep, load_checked(checkpoints, config)
    steps = run_.steps[:: sweep.every]
    wanted = {
        label: curves(group)[1][0]
        for path in references
        for label, group in labelled(read_table(path)).items()
    }
    wanted = {label: curve[:: sweep.every] for label, curve in wanted.items()}
    rng = np.random.default_rng(run_.seed)
    pairs = list(itertools.product(sweep.nbeta, sweep.gamma))
    exact = gaussian_by_checkpoint(run_, pairs, steps)
    rows = []
    for nbeta, gamma, relative in settings(sweep):
        gaussian = exact[pairs.index((nbeta, gamma))]
        definite = np.isfinite(gaussian).all((1, 2))
        found = {"bif_gaussian": gaussian} if definite.all() else {}
        local = posterior_of(sweep, nbeta, gamma, relative)
        try:
            draws = sample_posterior(
                LinearNetworkLoss(run_.targets.float()),
                {name: w[:: sweep.every] for name, w in run_.weights._asdict().items()},
                local,
                seed=run_.seed,
                streams=steps,
                threads=threads,
                progress=progress,
            )
            found["bif"] = np.stack([bayesian_influence(x)[0] for x in draws.losses.numpy()])
        except DivergenceError as error:
            logger.warning("nbeta %g, gamma %g, step %g: %s", nbeta, gamma, relative, error)
        for (estimator, curve), (reference, truth) in itertools.product(
            found.items(), wanted.items()
        ):
            agreement, low, high = shape_agreement(curve, truth, rng)
            rows.append(
                {
                    "nbeta": nbeta,
                    "gamma": gamma,
                    "relative_step": relative,
                    "step_size": local.step_size,
                    "estimator": estimator,
                    "reference": reference,
                    "agreement": agreement,
                    "ci_low": low,
                    "ci_high": high,
                    "definite": definite.mean(),
                    "seed": run_.seed,
                }
            )
    write_table(
        pd.DataFrame(rows, columns=COLUMNS), output, provenance(config.model_dump(), run_.seed)
    )


def shape_agreement(
    first: np.ndarray, second: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Median over pairs of different items of the correlation of two curves over training.

    Args:
        first, second: (steps, source, target).

    Returns:
        Median and its 95 % interval with pairs resampled.
    """
    each = correlations(first, second)
    again = np.median(rng.choice(each, (BOOTSTRAP, len(each))), axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    return float(np.median(each)), float(low), float(high)
