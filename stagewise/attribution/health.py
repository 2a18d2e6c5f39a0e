"""Can draws be trusted? In words, with the setting to change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.sampling.diagnostics import DOWNHILL_Z, MAX_R_HAT, RUNAWAY, diagnostics_table
from analysis.sampling.posterior import Draws
from analysis.sampling.settings import PosteriorConfig

FEW = 100.0  # effective draws below which a covariance is known to worse than a tenth of its size
BIAS = 0.05  # tolerated error of a variance by the length of a step
CHANCE = 0.01  # share of the losses whose R-hat may exceed the limit: of many, some do by chance
AT_MOST = 400  # observed losses that are looked at, evenly spread


@dataclass(frozen=True)
class Health:
    """A verdict on draws.

    Attributes:
        trusted: nothing was found against them.
        findings: sentences, each with what to change; one that says so where all is well.
        table: step, sample, r_hat, ess, distance, diverged, downhill.
    """

    trusted: bool
    findings: tuple[str, ...]
    table: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join(self.findings)


def health_of(draws: Draws, posterior: PosteriorConfig, steps: Sequence[int]) -> Health:
    """Convergence, number, localisation and step size of draws.

    Args:
        draws: of the posterior.
        posterior: that they were drawn with.
        steps: of the checkpoints.

    Returns:
        the verdict.
    """
    every = max(1, draws.losses.shape[-1] // AT_MOST)
    names = [str(i) for i in range(0, draws.losses.shape[-1], every)]
    few = Draws(
        draws.losses[..., ::every], draws.distance, draws.diverged,
        draws.checkpoint_losses[..., ::every], draws.n_parameters,
    )  # fmt: skip
    table, _ = diagnostics_table(few, posterior, steps, names)
    by_step = table.groupby("step").agg(
        r_hat=("r_hat", lambda r: r.quantile(1 - CHANCE)), ess=("ess", "median"),
        distance=("distance", "first"), diverged=("diverged", "first"),
        downhill=("downhill", "first"),
    )  # fmt: skip
    findings = [
        *_unknown(by_step, posterior), *_lost(by_step, posterior),
        *_unmixed(by_step, posterior), *_few(by_step, posterior),
        *_running(by_step, posterior), *_long_steps(posterior),
    ]  # fmt: skip
    if findings:
        return Health(False, tuple(findings), table)
    good = (
        f"nothing speaks against these draws: R-hat at most {by_step['r_hat'].max():.3f} for "
        f"{1 - CHANCE:.0%} of the losses, "
        f"{by_step['ess'].min():.0f} effective draws or more at every checkpoint, chains at most "
        f"{math.sqrt(by_step['distance'].max()):.2f} prior radii away"
    )
    return Health(True, (good,), table)


def _unknown(by_step: pd.DataFrame, posterior: PosteriorConfig) -> list[str]:
    several = ["r_hat", "ess"] if posterior.chains > 1 else ["ess"]
    rows = by_step[by_step[several].isna().any(axis=1)]
    if rows.empty:
        return []
    return [
        f"whether chains mixed at {_at(rows.index)} cannot be told: losses do not vary, or draws "
        f"({posterior.draws}) are too few"
    ]


def _at(steps: pd.Index) -> str:
    shown = ", ".join(map(str, steps[:4]))
    return f"step {shown}" + (f" and {len(steps) - 4} more" if len(steps) > 4 else "")


def _lost(by_step: pd.DataFrame, posterior: PosteriorConfig) -> list[str]:
    lost = by_step[by_step["diverged"] > 0]
    if lost.empty:
        return []
    return [
        f"{lost['diverged'].sum():.0f} chains diverged at {_at(lost.index)} and are left out: "
        f"lower step_size ({posterior.step_size:g})"
    ]


def _unmixed(by_step: pd.DataFrame, posterior: PosteriorConfig) -> list[str]:
    if posterior.chains < 2:
        return ["one chain cannot say whether it has mixed: raise chains to at least 2"]
    high = by_step[by_step["r_hat"] > MAX_R_HAT]
    if high.empty:
        return []
    return [
        f"chains disagree at {_at(high.index)} (R-hat above {high['r_hat'].max():.2f} for "
        f"{CHANCE:.0%} of the losses, {MAX_R_HAT:g} is the limit): raise draws "
        f"({posterior.draws}) or burn_in ({posterior.burn_in})"
    ]


def _few(by_step: pd.DataFrame, posterior: PosteriorConfig) -> list[str]:
    low = by_step[by_step["ess"] < FEW]
    if low.empty:
        return []
    return [
        f"only {low['ess'].min():.0f} effective draws at {_at(low.index)} ({FEW:.0f} are few): "
        f"raise draws ({posterior.draws}), chains ({posterior.chains}) or thinning "
        f"({posterior.thinning})"
    ]


def _running(by_step: pd.DataFrame, posterior: PosteriorConfig) -> list[str]:
    away = by_step[by_step["distance"] > RUNAWAY]
    downhill = by_step[(by_step["downhill"] > DOWNHILL_Z) & (by_step["distance"] <= RUNAWAY)]
    found = []
    if len(away):
        found.append(
            f"chains leave their checkpoint at {_at(away.index)}, up to "
            f"{math.sqrt(away['distance'].max()):.1f} prior radii away: the posterior is not "
            f"local; raise gamma ({posterior.gamma:g}) or lower nbeta ({posterior.nbeta:g})"
        )
    if len(downhill):
        found.append(
            f"losses still fall during the draws at {_at(downhill.index)}: raise burn_in "
            f"({posterior.burn_in}) or gamma ({posterior.gamma:g})"
        )
    return found


def _long_steps(posterior: PosteriorConfig) -> list[str]:
    bias = 1 / (1 - min(posterior.step_size * posterior.gamma / 4, 0.99)) - 1
    if posterior.integrator != "euler" or posterior.preconditioner != "none" or bias <= BIAS:
        return []
    return [
        f"the step is long against the localisation: variances are {bias:.0%} too large; lower "
        f'step_size ({posterior.step_size:g}) or set integrator to "exponential"'
    ]
