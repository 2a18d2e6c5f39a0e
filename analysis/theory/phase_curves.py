"""Influence through a change of phase, exactly and by free energy, as tables (claim C11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.theory.phase_numbers import critical_size, phase_weight, transition_width
from analysis.theory.potential import (
    EXCESS_EXPONENT,
    WELLS,
    PhaseMoments,
    TwoWells,
    exact_moments,
)

COLUMNS = ["posterior", "gamma", "anchor", "n", "source", "target", "quantity", "value"]


@dataclass(frozen=True)
class SampledPhase:
    """Where and how long the sampler runs at one localisation.

    Attributes:
        gamma: localisation, 1/length^2.
        points: places on the grid of n at which it runs.
        burn_in: SGLD steps before the first draw.
        kept_steps: SGLD steps that draws are kept from.
    """

    gamma: float
    points: Sequence[int]
    burn_in: int
    kept_steps: int


@dataclass(frozen=True)
class PhaseSettings:
    """The grid of sample sizes, and the sampler.

    Attributes:
        smallest: n at the low end of the grid, samples.
        per_decade: points of the grid per factor of ten.
        decades: factors of ten that it spans.
        weak: the weaker of the two localisations that are sampled.
        strong: the stronger one.
        relative_step: step size x largest curvature, a pure number.
        chains: per well and n.
        thinning: SGLD steps per draw.
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
        """The grid of n, evenly spaced in its logarithm: (points,), samples."""
        steps = np.arange(self.decades * self.per_decade + 1)
        return self.smallest * 10 ** (steps / self.per_decade)


def phase_curves(potential: TwoWells, settings: PhaseSettings) -> pd.DataFrame:
    """Exact curves and what free energy predicts.

    Args:
        potential: the two wells.
        settings: its grid of n and its two localisations count.

    Returns:
        posterior (global, local, free_energy, leading_order), gamma (1/length^2, 0 where global),
        anchor (the well, empty where global), n, source and target (empty where a quantity has
        none), quantity, value. Exact quantities: weight_U; mean_U and mean_V of a source's loss,
        nats; the influences within_U, within_V, within, between, total, nats squared, negative:
        helps; and flip, the weight of U where the total changes sign. Predictions by free energy,
        with the volumes of the wells and by nL + lambda log n alone (leading_order): weight_U,
        critical_n, width of the between-phase peak in n.

    Raises:
        ValueError: the grid of the integration is too coarse for the largest n, or free energy has
            no transition.
    """
    exact = exact_curves(potential, settings)
    return pd.concat([exact, free_energy_curves(potential, settings.sizes)])[COLUMNS]


def exact_curves(potential: TwoWells, settings: PhaseSettings) -> pd.DataFrame:
    """Every exact quantity of the global posterior and of the local one around each well.

    Args:
        potential: the two wells.
        settings: its grid of n and its two localisations count.

    Returns:
        the exact rows of `phase_curves`, in its units.

    Raises:
        ValueError: the grid of the integration is too coarse for the largest n.
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
    """Moments as rows.

    Args:
        moments: at every n.
        names: of the samples.

    Returns:
        n, source, target (empty where there is none), quantity, value, with the exact quantities
        and units of `phase_curves`, flips apart.
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
    """Where the total influence of a pair changes sign.

    Args:
        moments: at every n.
        names: of the samples.

    Returns:
        one row per flip: n, interpolated in its logarithm, source, target, quantity "flip", and as
        value the weight of U there, from 0 to 1.
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
        sizes: n (points,), samples.

    Returns:
        rows of `phase_curves` without their order of columns: weight_U at every n, critical_n and
        width (both in samples, and as n of their rows the critical one).

    Raises:
        ValueError: there is no transition, see `critical_size`.
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
