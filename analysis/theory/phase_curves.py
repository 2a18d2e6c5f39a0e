"""Influence through a change of phase, exactly and by the sampler, as tables (claim C11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from analysis.estimators.bif import bayesian_influence
from analysis.sampling.diagnostics import MAX_R_HAT, diagnose
from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import Parameters
from analysis.theory.phase_numbers import critical_size, phase_weight, transition_width
from analysis.theory.potential import (
    EXCESS_EXPONENT,
    WELLS,
    PhaseMoments,
    TwoWellLoss,
    TwoWells,
    exact_moments,
)

COLUMNS = ["posterior", "gamma", "anchor", "n", "source", "target", "quantity", "value"]
SAMPLED_COLUMNS = ["n", "gamma", "anchor", "source", "target", "influence", "std_error", "share_U",
                   "r_hat", "mixed", "ess", "diverged"]  # fmt: skip


@dataclass(frozen=True)
class SampledPhase:
    """Where and how long the sampler runs at one localisation.

    Attributes:
        gamma: localisation, 1/parameter^2; points: of the grid of n at which it runs.
        burn_in, kept_steps: SGLD steps before the first draw, and those that draws are kept from.
    """

    gamma: float
    points: Sequence[int]
    burn_in: int
    kept_steps: int


@dataclass(frozen=True)
class PhaseSettings:
    """The grid of sample sizes, and the sampler.

    Attributes:
        smallest: n; per_decade, decades: of the grid of n.
        weak, strong: the two localisations that are sampled.
        relative_step: step size x largest curvature.
        chains, thinning: per well and n.
    """

    smallest: float
    per_decade: int
    decades: int
    weak: SampledPhase
    strong: SampledPhase
    relative_step: float
    chains: int
    thinning: int

    @property
    def sizes(self) -> np.ndarray:
        """The grid of n."""
        steps = np.arange(self.decades * self.per_decade + 1)
        return self.smallest * 10 ** (steps / self.per_decade)


def phase_curves(potential: TwoWells, settings: PhaseSettings) -> pd.DataFrame:
    """Exact curves and what free energy predicts.

    Args:
        potential: the two wells.
        settings: grid and lengths.

    Returns:
        posterior (global, local, free_energy, leading_order), gamma (0 where global), anchor (the
        well, empty where global), n, source and target (empty where a quantity has none),
        quantity, value. Exact quantities: weight_U; mean_U and mean_V of a source's loss; the
        influences within_U, within_V, within, between, total; and flip, the weight of U where the
        total changes sign. Predictions by free energy, with the volumes of the wells and by
        nL + lambda log n alone (leading_order): weight_U, critical_n, width of the between-phase
        peak.
    """
    exact = exact_curves(potential, settings)
    return pd.concat([exact, free_energy_curves(potential, settings.sizes)])[COLUMNS]


def sampled_phases(potential: TwoWells, settings: PhaseSettings, seed: int) -> pd.DataFrame:
    """The sampler's estimates around each well.

    Args:
        potential: the two wells.
        settings: grid and lengths.
        seed: of the chains.

    Returns:
        n, gamma, anchor, source, target, influence, std_error, share_U (of the draws); of the worse
        of the pair's two traces r_hat, mixed (whether it is low enough) and ess; diverged (chains).
    """
    tables = [
        sample_wells(potential, settings.sizes[k], local, settings, seed)
        for local in (settings.weak, settings.strong)
        for k in local.points
    ]
    return pd.concat(tables)


def exact_curves(potential: TwoWells, settings: PhaseSettings) -> pd.DataFrame:
    """Every exact quantity of the global posterior and of the local one around each well.

    Args:
        potential: the two wells.
        settings: see its class.

    Returns:
        rows of the table `theory.phases`.
    """
    names = list(potential.slopes)
    whole = exact_moments(potential, settings.sizes)
    tables = [tidy(whole, names).assign(posterior="global", gamma=0.0, anchor="")]
    tables.append(flips(whole, names).assign(posterior="global", gamma=0.0, anchor=""))
    for gamma in (settings.weak.gamma, settings.strong.gamma):
        for anchor in WELLS:
            local = tidy(
                exact_moments(potential, settings.sizes, gamma=gamma, anchor=anchor), names
            )
            tables.append(local.assign(posterior="local", gamma=gamma, anchor=anchor))
    return pd.concat(tables)


def tidy(moments: PhaseMoments, names: list[str]) -> pd.DataFrame:
    """Moments as rows n, source, target, quantity, value.

    Args:
        moments: at every n.
        names: of the samples.

    Returns:
        those rows.
    """
    none = np.array([""])
    tables = [_long(moments.sizes, moments.weight[:, None, None], none, none, "weight_U")]
    for phase, well in enumerate(WELLS):
        means = moments.means[:, phase, :, None]
        tables.append(_long(moments.sizes, means, np.array(names), none, f"mean_{well}"))
    for quantity, values in moments.influences.items():
        tables.append(_long(moments.sizes, values, np.array(names), np.array(names), quantity))
    return pd.concat(tables)


def _long(
    sizes: np.ndarray, values: np.ndarray, sources: np.ndarray, targets: np.ndarray, quantity: str
) -> pd.DataFrame:
    """Values (sizes, source, target) as rows."""
    k, i, j = np.indices(values.shape).reshape(3, -1)
    return pd.DataFrame(
        {"n": sizes[k], "source": sources[i], "target": targets[j], "quantity": quantity,
         "value": values.reshape(-1)}
    )  # fmt: skip


def flips(moments: PhaseMoments, names: list[str]) -> pd.DataFrame:
    """Where the total changes sign: n, interpolated in its logarithm, source, target, and as value
    the weight of U there.

    Args:
        moments: at every n.
        names: of the samples.

    Returns:
        one row per flip.
    """
    log_n, rows = np.log(moments.sizes), []
    for k, i, j in np.argwhere(moments.total[1:] * moments.total[:-1] < 0):
        before, after = moments.total[k : k + 2, i, j]
        share = before / (before - after)
        place = log_n[k] + share * (log_n[k + 1] - log_n[k])
        weight = np.interp(place, log_n, moments.weight)
        rows.append((np.exp(place), names[i], names[j], "flip", weight))
    return pd.DataFrame(rows, columns=["n", "source", "target", "quantity", "value"])


def free_energy_curves(potential: TwoWells, sizes: np.ndarray) -> pd.DataFrame:
    """What free energy predicts of the weight of U, with the volumes of the wells and without.

    Args:
        potential: the two wells.
        sizes: samples n (points,).

    Returns:
        rows of the table `theory.phases`.
    """
    tables = []
    for name, volume in (("free_energy", potential.log_volume), ("leading_order", 0.0)):
        known = (potential.excess_loss, EXCESS_EXPONENT, volume)
        critical, width = critical_size(*known), transition_width(*known)
        rows = pd.DataFrame(
            {
                "n": [*sizes, critical, critical],
                "quantity": ["weight_U"] * len(sizes) + ["critical_n", "width"],
                "value": [*phase_weight(sizes, *known), critical, width],
            }
        )
        tables.append(rows.assign(posterior=name, gamma=0.0, anchor="", source="", target=""))
    return pd.concat(tables)


def sample_wells(
    potential: TwoWells, size: float, local: SampledPhase, settings: PhaseSettings, seed: int
) -> pd.DataFrame:
    """The project's sampler around both wells at one n: rows of the sampled table.

    Args:
        potential: the two wells.
        size: samples n.
        local: localisation and lengths of the chains.
        settings: see its class.
        seed: of all random numbers.

    Returns:
        one row per well and pair.
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
