"""What the sampler sees of two phases: BIF around each well, beside its health (claim C11)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from analysis.estimators.bif import bayesian_influence
from analysis.sampling.diagnostics import MAX_R_HAT, diagnose
from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import Parameters
from analysis.theory.phase_curves import PhaseSettings, SampledPhase
from analysis.theory.potential import WELLS, TwoWellLoss, TwoWells

SAMPLED_COLUMNS = ["n", "gamma", "anchor", "source", "target", "influence", "std_error", "share_U",
                   "r_hat", "mixed", "ess", "diverged"]  # fmt: skip


def sampled_phases(potential: TwoWells, settings: PhaseSettings, seed: int) -> pd.DataFrame:
    """The sampler's estimates around each well, at both localisations.

    Args:
        potential: the two wells.
        settings: the grid of n, where on it to sample, and for how long.
        seed: of the chains.

    Returns:
        n, gamma, anchor, source, target, influence and std_error (nats squared; negative: helps),
        share_U (of the draws); of the worse of the pair's two traces r_hat, mixed (whether it is
        low enough) and ess; diverged (chains).

    Raises:
        DivergenceError: too many chains diverged.
    """
    tables = [
        sample_wells(potential, settings.sizes[k], local, settings, seed)
        for local in (settings.weak, settings.strong)
        for k in local.points
    ]
    return pd.concat(tables)


def sample_wells(
    potential: TwoWells, size: float, local: SampledPhase, settings: PhaseSettings, seed: int
) -> pd.DataFrame:
    """The project's sampler around both wells at one n.

    Args:
        potential: the two wells.
        size: n, the sampler's nbeta.
        local: localisation and lengths of the chains.
        settings: step size, number of chains and thinning.
        seed: of the chains.

    Returns:
        rows of `sampled_phases`, one per well and ordered pair of samples.

    Raises:
        DivergenceError: too many chains diverged.
    """
    loss, names = TwoWellLoss(potential), list(potential.slopes)
    config = PosteriorConfig(
        nbeta=float(size),
        gamma=local.gamma,
        step_size=settings.relative_step / (2 * potential.quadratic * size + local.gamma),
        chains=settings.chains,
        draws=local.kept_steps // settings.thinning,
        thinning=settings.thinning,
        burn_in=local.burn_in,
    )

    def observe(parameters: Parameters) -> torch.Tensor:
        inside = loss.in_U(parameters["w"])
        return torch.cat([loss(parameters, None), inside[:, None].to(parameters["w"])], 1)

    draws = sample_posterior(
        loss,
        {"w": torch.tensor(list(WELLS.values()))},
        config,
        seed=seed,
        observe=observe,
    )
    inside = draws.losses[..., -1].numpy()
    losses = replace(
        draws, losses=draws.losses[..., :-1], checkpoint_losses=draws.checkpoint_losses[..., :-1]
    )
    health = diagnose(losses, config, range(len(WELLS)), names)
    tables = []
    for k, anchor in enumerate(WELLS):
        table = _sampled_rows(losses, health[health["step"] == k].set_index("sample"), k, names)
        share = float(np.nanmean(inside[k]))
        tables.append(table.assign(n=size, gamma=local.gamma, anchor=anchor, share_U=share))
    return pd.concat(tables)[SAMPLED_COLUMNS]


def _sampled_rows(
    draws: Draws, health: pd.DataFrame, anchor: int, names: list[str]
) -> pd.DataFrame:
    """Influence of every ordered pair at one anchor, with its error and health."""
    influence, error = bayesian_influence(draws.losses[anchor].numpy())
    r_hat, ess = health.loc[names, "r_hat"].to_numpy(), health.loc[names, "ess"].to_numpy()
    i, j = np.indices(influence.shape).reshape(2, -1)
    worse = np.maximum(r_hat[i], r_hat[j])
    return pd.DataFrame(
        {
            "source": np.array(names)[i],
            "target": np.array(names)[j],
            "influence": influence.reshape(-1),
            "std_error": error.reshape(-1),
            "r_hat": worse,
            "mixed": worse <= MAX_R_HAT,
            "ess": np.minimum(ess[i], ess[j]),
            "diverged": int(draws.diverged[anchor].sum()),
        }
    )
