"""Stage: influence through a change of phase, exactly and by the sampler (claim C11)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
from stagewise.config import Config
from stagewise.provenance.store import provenance, write_table

PER_DECADE = 40  # sizes of the exact curves per factor of ten in n [ours]
SIZES = 200 * 10 ** (np.arange(2 * PER_DECADE + 1) / PER_DECADE)  # n: 200 to 20,000 [ours]
SPARSE = SIZES[: 7 * PER_DECADE // 4 : PER_DECADE // 4]  # n at which the sampler runs: to 6,325
WEAK, STRONG = 0.01, 10.0  # gamma: a prior radius of 5 and of 1/6 well distances [ours]
# The last of STRONG's is where its own exact posterior around U leaves U: 2 gamma nats later.
SAMPLED = {WEAK: SPARSE, STRONG: SIZES[[0, 20, 40, 60, 70]]}
RELATIVE_STEP = 0.1  # step size x largest curvature: biases that well's variance by 2.5 % [ours]
CHAINS, THINNING = 128, 10
STEPS = {WEAK: (2000, 3000), STRONG: (1500, 1500)}  # burn-in, and steps that draws are kept from
COLUMNS = ["posterior", "gamma", "anchor", "n", "source", "target", "quantity", "value"]
SAMPLED_COLUMNS = ["n", "gamma", "anchor", "source", "target", "influence", "std_error", "share_U",
                   "r_hat", "mixed", "ess", "diverged"]  # fmt: skip


def run(config: Config, output_curves: Path, output_sampled: Path) -> None:
    """Write the exact curves and the sampled ones.

    Curves: posterior (global, local, free_energy, leading_order), gamma (0 where global), anchor
    (the well, empty where global), n, source and target (empty where a quantity has none),
    quantity, value. Exact quantities: weight_U; mean_U and mean_V of a source's loss; the
    influences within_U, within_V, within, between, total; and flip, the weight of U where the
    total changes sign. Predictions by free energy, with the volumes of the wells and by
    nL + lambda log n alone (leading_order): weight_U, critical_n, width of the between-phase peak.

    Sampled: n, gamma, anchor, source, target, influence, std_error, share_U (of the draws); of the
    worse of the pair's two traces r_hat, mixed (whether it is low enough) and ess; diverged
    (chains).
    """
    potential = TwoWells()
    origin = provenance(config.model_dump(), config.seed)
    curves = pd.concat([exact_curves(potential), free_energy_curves(potential)])
    write_table(curves[COLUMNS], output_curves, origin)
    sampled = [
        sample_wells(potential, n, gamma, config.seed) for gamma in SAMPLED for n in SAMPLED[gamma]
    ]
    write_table(pd.concat(sampled), output_sampled, origin)


def exact_curves(potential: TwoWells) -> pd.DataFrame:
    """Every exact quantity of the global posterior and of the local one around each well."""
    names = list(potential.slopes)
    whole = exact_moments(potential, SIZES)
    tables = [tidy(whole, names).assign(posterior="global", gamma=0.0, anchor="")]
    tables.append(flips(whole, names).assign(posterior="global", gamma=0.0, anchor=""))
    for gamma in STEPS:
        for anchor in WELLS:
            local = tidy(exact_moments(potential, SIZES, gamma=gamma, anchor=anchor), names)
            tables.append(local.assign(posterior="local", gamma=gamma, anchor=anchor))
    return pd.concat(tables)


def tidy(moments: PhaseMoments, names: list[str]) -> pd.DataFrame:
    """Moments as rows n, source, target, quantity, value."""
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
    the weight of U there."""
    log_n, rows = np.log(moments.sizes), []
    for k, i, j in np.argwhere(moments.total[1:] * moments.total[:-1] < 0):
        before, after = moments.total[k : k + 2, i, j]
        share = before / (before - after)
        place = log_n[k] + share * (log_n[k + 1] - log_n[k])
        weight = np.interp(place, log_n, moments.weight)
        rows.append((np.exp(place), names[i], names[j], "flip", weight))
    return pd.DataFrame(rows, columns=["n", "source", "target", "quantity", "value"])


def free_energy_curves(potential: TwoWells) -> pd.DataFrame:
    """What free energy predicts of the weight of U, with the volumes of the wells and without."""
    tables = []
    for name, volume in (("free_energy", potential.log_volume), ("leading_order", 0.0)):
        known = (potential.excess_loss, EXCESS_EXPONENT, volume)
        critical, width = critical_size(*known), transition_width(*known)
        rows = pd.DataFrame(
            {
                "n": [*SIZES, critical, critical],
                "quantity": ["weight_U"] * len(SIZES) + ["critical_n", "width"],
                "value": [*phase_weight(SIZES, *known), critical, width],
            }
        )
        tables.append(rows.assign(posterior=name, gamma=0.0, anchor="", source="", target=""))
    return pd.concat(tables)


def sample_wells(potential: TwoWells, size: float, gamma: float, seed: int) -> pd.DataFrame:
    """The project's sampler around both wells at one n: rows of the sampled table."""
    loss, names = TwoWellLoss(potential), list(potential.slopes)
    burn_in, kept = STEPS[gamma]
    config = PosteriorConfig(
        nbeta=float(size),
        gamma=gamma,
        step_size=RELATIVE_STEP / (2 * potential.quadratic * size + gamma),
        chains=CHAINS,
        draws=kept // THINNING,
        thinning=THINNING,
        burn_in=burn_in,
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
        draws, losses=draws.losses[..., :-1], anchor_losses=draws.anchor_losses[..., :-1]
    )
    health = diagnose(losses, config, range(len(WELLS)), names)
    tables = []
    for k, anchor in enumerate(WELLS):
        table = _sampled_rows(losses, health[health["step"] == k].set_index("sample"), k, names)
        share = float(np.nanmean(inside[k]))
        tables.append(table.assign(n=size, gamma=gamma, anchor=anchor, share_U=share))
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
