"""Did the sampler sample? Convergence and localisation of every local posterior."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from analysis.sampling.posterior import Draws
from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.jackknife import jackknife_blocks

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # arviz announces its 1.0
    import arviz

logger = logging.getLogger(__name__)

MAX_R_HAT = 1.05  # chains that agree less than this have not mixed
DOWNHILL_Z = 4.0  # standard errors by which the loss must fall during the draws
RUNAWAY = 2.0  # squared distance from the checkpoint, in units of the prior's


def to_dataset(draws: Draws, steps: Sequence[int], samples: Sequence[str]) -> xr.Dataset:
    """Loss traces with named axes, as arviz takes them.

    Args:
        draws: losses (checkpoint, chain, draw, sample).
        steps: training steps of the checkpoints, (checkpoints,).
        samples: names of the observed losses, (samples,).

    Returns:
        variable "loss", dims (step, chain, draw, sample), in the unit of the losses; NaN in chains
        that diverged.

    Raises:
        ValueError: steps or samples are not as many as the axis is long.
    """
    axes = {"step": list(steps), "sample": list(samples)}
    return xr.Dataset(
        {"loss": (("step", "chain", "draw", "sample"), draws.losses.numpy())}, coords=axes
    )


def diagnose(
    draws: Draws, config: PosteriorConfig, steps: Sequence[int], samples: Sequence[str]
) -> pd.DataFrame:
    """Diagnostics of every checkpoint and sample.

    Args:
        draws: of the posterior.
        config: that they were drawn with.
        steps: of the checkpoints.
        samples: names of the observed losses.

    Returns:
        One row per step and sample: r_hat (split, arviz), ess (effective draws for the mean,
        arviz), distance (mean |w - w*|^2 over its prior expectation parameters/gamma: 1 when the
        loss does not bind, below when it does), diverged (chains dropped), downhill (z-score of
        the fall of the mean loss from the first to the last third of the draws). Logs a warning
        naming the steps where the chains run away downhill: there nbeta H + gamma I is likely
        not positive definite, and the posterior is not local; another where chains have not mixed.
    """
    table, running = diagnostics_table(draws, config, steps, samples)
    unmixed = sorted(table.loc[table["r_hat"] > MAX_R_HAT, "step"].unique())
    if unmixed:
        logger.warning(
            "chains have not mixed (R-hat above %g) at step %s: take more draws, a longer burn-in "
            "or a larger step_size (%g)",
            MAX_R_HAT,
            ", ".join(map(str, unmixed)),
            config.step_size,
        )
    if running:
        logger.warning(
            "chains run away downhill from the checkpoint(s) at step %s: nbeta H + gamma I is "
            "likely not positive definite there; raise gamma (%g) or lower nbeta (%g)",
            ", ".join(map(str, running)),
            config.gamma,
            config.nbeta,
        )
    return table


def diagnostics_table(
    draws: Draws, config: PosteriorConfig, steps: Sequence[int], samples: Sequence[str]
) -> tuple[pd.DataFrame, list[int]]:
    """The table of `diagnose`, without a word.

    Args:
        draws: of the posterior.
        config: that they were drawn with.
        steps: of the checkpoints.
        samples: names of the observed losses.

    Returns:
        the table, and the steps where chains run away.
    """
    dataset = to_dataset(draws, steps, samples)
    rows, running = [], []
    for k, step in enumerate(steps):
        kept = ~draws.diverged[k].numpy()
        here = dataset.isel(step=k, chain=kept)
        several = int(kept.sum()) > 1
        r_hat = arviz.rhat(here, method="split")["loss"] if several else None
        ess = arviz.ess(here, method="mean")["loss"]
        distance = float(draws.distance[k][kept].mean() / (draws.n_parameters / config.gamma))
        fall = downhill(here["loss"].values.mean(-1))
        below = float(here["loss"].mean()) < float(draws.checkpoint_losses[k].mean())
        if (fall > DOWNHILL_Z and below) or distance > RUNAWAY:
            running.append(step)
        for index, sample in enumerate(samples):
            rows.append(
                {
                    "step": step,
                    "sample": sample,
                    "r_hat": float(r_hat[index]) if r_hat is not None else float("nan"),
                    "ess": float(ess[index]),
                    "distance": distance,
                    "diverged": int((~kept).sum()),
                    "downhill": fall,
                }
            )
    return pd.DataFrame(rows), running


def downhill(mean_loss: np.ndarray) -> float:
    """Is the mean loss still falling? Its fall from the first to the last third of the draws.

    Args:
        mean_loss: (chains, draws), the unit does not matter.

    Returns:
        mean fall over chains in standard errors over chains, a z-score; positive: still going down.
        0 for a single chain, and where all chains fall alike.
    """
    third = max(mean_loss.shape[1] // 3, 1)
    fall = mean_loss[:, :third].mean(1) - mean_loss[:, -third:].mean(1)
    if len(fall) < 2 or fall.std() == 0:
        return 0.0
    return float(fall.mean() / (fall.std(ddof=1) / np.sqrt(len(fall))))


def local_learning_coefficient(draws: Draws, config: PosteriorConfig) -> tuple[float, float]:
    r"""Local learning coefficient $\hat\lambda = n\beta\,(E_p[L] - L(w^*))$ of the first
    checkpoint, L the mean of the losses observed.

    Args:
        draws: losses (checkpoint, chain, draw, sample), nats or squared-error units; chains that
            diverged are left out.
        config: the posterior that they were drawn from; its nbeta counts.

    Returns:
        the coefficient and its standard error (jackknife over blocks of draws), both in nbeta times
        the unit of the losses: pure numbers where that is nats.

    Raises:
        ValueError: too few draws for a standard error, see `jackknife_blocks`.

    Source: Lau et al. 2023 (arXiv:2308.12108).
    """
    kept = draws.losses[0][~draws.diverged[0]].numpy().astype(np.float64)
    blocks = jackknife_blocks(kept.mean(-1)).mean(1)
    risen = kept.mean() - float(draws.checkpoint_losses[0].double().mean())
    error = blocks.std(ddof=1) / np.sqrt(len(blocks))
    return float(config.nbeta * risen), float(config.nbeta * error)
