"""How the agreement of BIF with retraining depends on the sampler's settings (claim C6)."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
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
from analysis.statistics.uncertainty import mean_interval
from models.toy.checkpoints import ToyRun

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # arviz announces its 1.0
    import arviz

logger = logging.getLogger(__name__)

SETTING = ["nbeta", "gamma", "relative_step"]
COLUMNS = [
    *SETTING, "step_size", "estimator", "reference", "equal", "draws", "agreement", "definite",
    "seed",
]  # fmt: skip
CURVE = [*SETTING, "estimator", "reference", "equal"]
FEWEST = 10  # draws of a chain


@dataclass(frozen=True)
class SweepSettings:
    """What is compared; every combination of the first three is sampled.

    Attributes:
        nbeta: n x beta, effective numbers of samples.
        gamma: localisations, 1/parameter^2.
        relative_step: step_size x (gamma + nbeta), pure numbers.
        chains: of each combination and checkpoint.
        time: relative_step x draws, the same for all: settings of equal integration time.
        every: checkpoints between those looked at.
        relaxations: burn-in, in relaxation times 2 / relative_step of the localisation.
    """

    nbeta: Sequence[float]
    gamma: Sequence[float]
    relative_step: Sequence[float]
    chains: int
    time: float
    every: int
    relaxations: float = 3.0

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
            draws=max(math.ceil(self.time / relative), FEWEST),
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
    """The agreement of every setting with every reference, at equal cost.

    Args:
        run: weights, targets and steps of one training.
        references: label -> influence (steps, source, target) at all checkpoints of the run.
        settings: the grid, and how its points are compared.
        threads: CPU threads.
        progress: called with the number of chain steps just done.

    Returns:
        nbeta, gamma, relative_step, step_size, estimator (bif, and bif_gaussian: the same without
        sampling noise or step size), reference, equal (time: all settings have the same integration
        time; ess: chains are cut so that all have as many effective draws as the poorest; exact),
        draws (of a chain; 0 where exact), agreement (median over pairs of different items of the
        correlation of the two curves over training, from -1 to 1), definite (share of checkpoints
        where nbeta H + gamma I is positive definite), seed. A setting that diverged has no bif
        rows, with a warning.
    """
    steps = run.steps[:: settings.every]
    wanted = {label: curve[:: settings.every] for label, curve in references.items()}
    pairs = list(itertools.product(settings.nbeta, settings.gamma))
    exact = gaussian_by_checkpoint(run, pairs, steps)
    sampled = {
        setting: traces
        for setting in settings.combinations
        if (traces := _sampled(run, settings, setting, threads, progress)) is not None
    }
    cut = equal_draws({setting: effective_draws(t) for setting, t in sampled.items()}, sampled)
    rows: list[dict[str, object]] = []
    for setting in settings.combinations:
        nbeta, gamma, relative = setting
        gaussian = exact[pairs.index((nbeta, gamma))]
        definite = np.isfinite(gaussian).all((1, 2))
        found: dict[tuple[str, str, int], np.ndarray] = {}
        if definite.all():
            found["bif_gaussian", "exact", 0] = gaussian
        if setting in sampled:
            traces, few = sampled[setting], cut[setting]
            found["bif", "time", traces.shape[2]] = _influence(traces)
            found["bif", "ess", few] = _influence(traces[:, :, -few:])
        for (estimator, equal, draws), curve in found.items():
            rows += [
                {
                    "nbeta": nbeta, "gamma": gamma, "relative_step": relative,
                    "step_size": relative / (gamma + nbeta), "estimator": estimator,
                    "reference": reference, "equal": equal, "draws": draws,
                    "agreement": float(np.median(correlations(curve, truth))),
                    "definite": definite.mean(), "seed": run.seed,
                }
                for reference, truth in wanted.items()
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def sweep_summary(sweep: pd.DataFrame) -> pd.DataFrame:
    """Mean agreement over seeds, with its 95 % interval.

    Args:
        sweep: rows of `sweep_table`, of all seeds.

    Returns:
        nbeta, gamma, relative_step, estimator, reference, equal; mean, low, high (from -1 to 1;
        low and high equal the mean for one seed); definite, the least over seeds; seeds.
    """
    rows = []
    for key, group in sweep.sort_values("seed").groupby(CURVE, sort=True):
        mean, low, high = (float(x) for x in mean_interval(group["agreement"].to_numpy(float)))
        named = dict(zip(CURVE, key, strict=True))
        rows.append({**named, "mean": mean, "low": low, "high": high,
                     "definite": float(group["definite"].min()), "seeds": len(group)})  # fmt: skip
    return pd.DataFrame(rows, columns=[*CURVE, "mean", "low", "high", "definite", "seeds"])


def effective_draws(traces: np.ndarray) -> float:
    """Effective draws of the loss traces, all chains together.

    Args:
        traces: (steps, chains, draws, items), loss of every item.

    Returns:
        median over checkpoints and items of arviz's effective sample size for the mean.
    """
    found = [arviz.ess(one.transpose(2, 0, 1)[k]) for one in traces for k in range(one.shape[2])]
    return float(np.median(found))


def equal_draws(
    effective: Mapping[tuple[float, float, float], float],
    traces: Mapping[tuple[float, float, float], np.ndarray],
) -> dict[tuple[float, float, float], int]:
    """How many draws of every setting's chains are as many effective ones as the poorest has.

    Args:
        effective: setting -> effective draws.
        traces: setting -> (steps, chains, draws, items).

    Returns:
        setting -> draws, at least ten and at most what there is.
    """
    poorest = min(effective.values(), default=0.0)
    return {
        setting: max(min(round(one.shape[2] * poorest / effective[setting]), one.shape[2]), FEWEST)
        for setting, one in traces.items()
    }


def _sampled(
    run: ToyRun,
    settings: SweepSettings,
    setting: tuple[float, float, float],
    threads: int,
    progress: Callable[[int], None] | None,
) -> np.ndarray | None:
    """Loss traces at every so many checkpoints, (steps, chains, draws, items); None, with a
    warning, where the chains diverged."""
    local = settings.posterior(*setting)
    try:
        draws = sample_posterior(
            LinearNetworkLoss(run.targets.float()),
            {name: w[:: settings.every] for name, w in run.weights._asdict().items()},
            local,
            seed=run.seed,
            streams=run.steps[:: settings.every],
            threads=threads,
            progress=progress,
        )
    except DivergenceError as error:
        logger.warning("nbeta %g, gamma %g, step %g: %s", *setting, error)
        return None
    return draws.losses.numpy()


def _influence(traces: np.ndarray) -> np.ndarray:
    """BIF at every checkpoint, (steps, source, target)."""
    return np.stack([bayesian_influence(one)[0] for one in traces])
