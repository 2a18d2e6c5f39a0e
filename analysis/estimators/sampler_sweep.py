"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.estimators.bif import bayesian_influence
from analysis.estimators.bif_gaussian import gaussian_by_checkpoint
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.posterior import DivergenceError, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.correlation import correlations
from models.toy.checkpoints import ToyRun

logger = logging.getLogger(__name__)

COLUMNS = [
    "nbeta", "gamma", "relative_step", "step_size", "estimator", "reference", "agreement",
    "ci_low", "ci_high", "definite", "seed",
]  # fmt: skip


@dataclass(frozen=True)
class SweepSettings:
    """What is compared; every combination of the first three is sampled.

    Attributes:
        nbeta: n x beta, effective numbers of samples.
        gamma: localisations, 1/parameter^2.
        relative_step: step_size x (gamma + nbeta), pure numbers.
        chains: of each combination and checkpoint.
        draws: of each chain.
        every: checkpoints between those looked at.
        relaxations: burn-in, in relaxation times 2 / relative_step of the localisation.
        bootstrap: resamples of the pairs behind an interval.
    """

    nbeta: Sequence[float]
    gamma: Sequence[float]
    relative_step: Sequence[float]
    chains: int
    draws: int
    every: int
    relaxations: float = 3.0
    bootstrap: int = 500

    @property
    def combinations(self) -> list[tuple[float, float, float]]:
        """Every (nbeta, gamma, relative step)."""
        return list(itertools.product(self.nbeta, self.gamma, self.relative_step))

    def posterior(self, nbeta: float, gamma: float, relative: float) -> PosteriorConfig:
        """The local posterior and sampler of one combination.

        Args:
            nbeta: n x beta, effective number of samples.
            gamma: localisation, 1/parameter^2.
            relative: step size in units of 1 / (gamma + nbeta).

        Returns:
            settings of the sampler, burn-in as long as `relaxations` asks.
        """
        return PosteriorConfig(
            nbeta=nbeta,
            gamma=gamma,
            step_size=relative / (gamma + nbeta),
            chains=self.chains,
            draws=self.draws,
            burn_in=math.ceil(2 * self.relaxations / relative),
            max_diverged=0.5,
        )


def sweep_table(
    run: ToyRun,
    references: Mapping[str, np.ndarray],
    settings: SweepSettings,
    *,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """The agreement of every setting with every reference.

    Args:
        run: weights, targets and steps of one training.
        references: label -> influence (steps, source, target) at all checkpoints of the run.
        settings: the grid, and how its points are compared.
        threads: CPU threads.
        progress: called with the number of chain steps just done.

    Returns:
        nbeta, gamma, relative_step, step_size, estimator (bif, and bif_gaussian: the same without
        sampling noise or step size), reference, agreement (median over pairs of different items of
        the correlation of the two curves over training, from -1 to 1), ci_low, ci_high (95 %, pairs
        resampled), definite (share of checkpoints where nbeta H + gamma I is positive definite),
        seed. A setting that diverged has no bif rows, with a warning.
    """
    steps = run.steps[:: settings.every]
    wanted = {label: curve[:: settings.every] for label, curve in references.items()}
    rng = np.random.default_rng(run.seed)
    pairs = list(itertools.product(settings.nbeta, settings.gamma))
    exact = gaussian_by_checkpoint(run, pairs, steps)
    rows: list[dict[str, object]] = []
    for nbeta, gamma, relative in settings.combinations:
        gaussian = exact[pairs.index((nbeta, gamma))]
        definite = np.isfinite(gaussian).all((1, 2))
        found = {"bif_gaussian": gaussian} if definite.all() else {}
        local = settings.posterior(nbeta, gamma, relative)
        sampled = _sampled(run, settings.every, local, threads, progress)
        found |= {} if sampled is None else {"bif": sampled}
        for (estimator, curve), (reference, truth) in itertools.product(
            found.items(), wanted.items()
        ):
            agreement, low, high = shape_agreement(curve, truth, rng, settings.bootstrap)
            rows.append(
                {
                    "nbeta": nbeta, "gamma": gamma, "relative_step": relative,
                    "step_size": local.step_size, "estimator": estimator, "reference": reference,
                    "agreement": agreement, "ci_low": low, "ci_high": high,
                    "definite": definite.mean(), "seed": run.seed,
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _sampled(
    run: ToyRun,
    every: int,
    local: PosteriorConfig,
    threads: int,
    progress: Callable[[int], None] | None,
) -> np.ndarray | None:
    """BIF at every so many checkpoints, (steps, source, target); None, with a warning, where the
    chains diverged."""
    try:
        draws = sample_posterior(
            LinearNetworkLoss(run.targets.float()),
            {name: w[::every] for name, w in run.weights._asdict().items()},
            local,
            seed=run.seed,
            streams=run.steps[::every],
            threads=threads,
            progress=progress,
        )
    except DivergenceError as error:
        step = local.step_size * (local.gamma + local.nbeta)
        logger.warning("nbeta %g, gamma %g, step %g: %s", local.nbeta, local.gamma, step, error)
        return None
    return np.stack([bayesian_influence(traces)[0] for traces in draws.losses.numpy()])


def shape_agreement(
    first: np.ndarray, second: np.ndarray, rng: np.random.Generator, bootstrap: int
) -> tuple[float, float, float]:
    """Median over pairs of different items of the correlation of two curves over training.

    Args:
        first: (steps, source, target), any unit.
        second: the same shape, in a unit of its own.
        rng: source of random numbers.
        bootstrap: resamples of the pairs.

    Returns:
        median, from -1 to 1, and the ends of its 95 % interval with pairs resampled.
    """
    each = correlations(first, second)
    again = np.median(rng.choice(each, (bootstrap, len(each))), axis=1)
    low, high = np.percentile(again, [2.5, 97.5])
    return float(np.median(each)), float(low), float(high)
