r"""A potential of two wells in two dimensions: phases, influence within and between them, exactly.

The mean loss is the lower of a wide degenerate well U with a slightly higher loss and a narrow
quadratic well V:

$$L(x, y) = \min\{\Delta L + \kappa_U((x+1)^4 + y^4),\; \kappa_V((x-1)^2 + y^2)\}$$

A point belongs to the phase whose well is the lower there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor

from analysis.sampling.sgld import Parameters
from analysis.theory.phase_numbers import positive, volume

WELLS = {"U": (-1.0, 0.0), "V": (1.0, 0.0)}  # the minima, where anchors are
EXCESS_EXPONENT = 2 * (1 / 2 - 1 / 4)  # lambda_V - lambda_U: two directions, quadratic - quartic
# Slopes in x, y and xy [ours]. x tells the phases apart; y does not, and xy is y with opposite
# signs in the two. So "wide" and "narrow" disagree across phases and nothing else: a peak. "up"
# and "down" agree across phases and disagree within both: two flips. "up" and "twist" disagree
# within one phase and agree within the other: one flip.
SLOPES: dict[str, tuple[float, float, float]] = {
    "wide": (2.0, 0.0, 0.0),
    "narrow": (-4.0, 0.0, 0.0),
    "up": (1.0, 2.0, 0.0),
    "down": (1.0, -2.0, 0.0),
    "twist": (0.0, 0.0, 2.0),
    "untwist": (0.0, 0.0, -2.0),
}
BOX = (6.0, 5.0)  # half sides of the prior's support, a box about the origin
SPACING = 0.03  # of the trapezoidal rule
COARSEST = 1.25  # spacing over the narrowest standard deviation: errors of 1e-5


@dataclass(frozen=True)
class TwoWells:
    r"""The wells and the samples.

    Sample i has the loss $L + p_i x + q_i y + r_i x y$; the slopes sum to zero over samples.

    Attributes:
        excess_loss: loss of U at its minimum, above V's; nats per sample [ours].
        quartic: kappa_U, nats per unit of length^4 [ours: the square of kappa_V, so that the
            volumes of the wells at n = 1 are nearly equal and their exponents decide].
        quadratic: kappa_V, nats per unit of length^2 [ours].
        slopes: (p, q, r) of every sample by name; nats.
    """

    excess_loss: float = 0.002
    quartic: float = 0.0009
    quadratic: float = 0.03
    slopes: Mapping[str, tuple[float, float, float]] = field(default_factory=lambda: dict(SLOPES))

    def __post_init__(self) -> None:
        if not (self.quartic > 0 and self.quadratic > 0):
            raise ValueError(f"quartic = {self.quartic}, quadratic = {self.quadratic}: must be > 0")
        sums = np.sum(list(self.slopes.values()), axis=0)
        if not np.allclose(sums, 0):
            raise ValueError(f"slopes sum to {sums.tolist()} over samples: each sum must be 0")

    @property
    def log_volume(self) -> float:
        """c = log(Z_U/Z_V) of the wells at n = 1, apart from the losses at their minima: a pure
        number.
        """
        return float(volume(self.quartic, self.quadratic))


class TwoWellLoss:
    """Per-sample losses of points in the plane, as the posterior sampler wants them.

    Args:
        potential: the wells and the samples' slopes.
    """

    def __init__(self, potential: TwoWells) -> None:
        self.potential = potential
        self.slopes = torch.tensor(list(potential.slopes.values()), dtype=torch.float64)

    def __call__(self, parameters: Parameters, batch: Tensor | None) -> Tensor:
        """Losses (chains, samples in the batch), nats; the parameter "w" is (chains, 2)."""
        w = parameters["w"]
        return torch.minimum(*self.wells(w))[:, None] + self._tilt(w, batch)

    def losses_and_gradient(
        self, parameters: Parameters, batch: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses, and the gradient of each chain's summed losses.

        Args:
            parameters: "w" -> points (chains, 2).
            batch: indices of samples (chains, batch); None: all.

        Returns:
            losses (chains, samples in the batch), nats; "w" -> gradient (chains, 2), nats per
            length.
        """
        w, k = parameters["w"], self.potential
        upper, lower = self.wells(w)
        slope_U, slope_V = 4 * k.quartic * _from(w, "U") ** 3, 2 * k.quadratic * _from(w, "V")
        steep = torch.where((upper < lower)[:, None], slope_U, slope_V)
        losses = torch.minimum(upper, lower)[:, None] + self._tilt(w, batch)
        gradient = losses.shape[1] * steep
        if batch is not None:  # over all samples the slopes sum to zero
            slopes = self._chosen(w, batch).sum(1)
            gradient += slopes[:, :2] + slopes[:, 2:] * w.flip(1)
        return losses, {"w": gradient}

    def wells(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Mean losses of both wells, wherever the point is.

        Args:
            w: points (chains, 2).

        Returns:
            well U and well V, each (chains,), nats.
        """
        k = self.potential
        upper = k.excess_loss + k.quartic * (_from(w, "U") ** 4).sum(1)
        return upper, k.quadratic * _from(w, "V").square().sum(1)

    def in_U(self, w: Tensor) -> Tensor:
        """Whether a point belongs to phase U: its well is the lower there.

        Args:
            w: points (chains, 2).

        Returns:
            bool (chains,).
        """
        return torch.lt(*self.wells(w))

    def _chosen(self, w: Tensor, batch: Tensor | None) -> Tensor:  # ([chains,] samples, 3)
        return self.slopes.to(w) if batch is None else self.slopes.to(w)[batch]

    def _tilt(self, w: Tensor, batch: Tensor | None) -> Tensor:  # (chains, samples)
        x, y = w.unbind(1)
        coordinates = torch.stack([x, y, x * y], 1)
        return (self._chosen(w, batch) @ coordinates[..., None]).squeeze(-1)


def _from(w: Tensor, well: str) -> Tensor:
    return w - w.new_tensor(WELLS[well])


@dataclass(frozen=True)
class PhaseMoments:
    """Moments of the losses under a posterior, phase by phase; phases are ordered U, V.

    Attributes:
        sizes: n, (sizes,).
        weight: of phase U, (sizes,).
        means: (sizes, phase, sample), nats.
        covariances: within each phase, (sizes, phase, sample, sample), nats squared.
        total: covariance over both phases, (sizes, sample, sample), nats squared.
    """

    sizes: np.ndarray
    weight: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    total: np.ndarray

    @property
    def gaps(self) -> np.ndarray:
        """Products of the phases' gaps in mean loss, (sizes, sample, sample), nats squared."""
        gap = self.means[:, 0] - self.means[:, 1]
        return gap[:, :, None] * gap[:, None, :]

    @property
    def influences(self) -> dict[str, np.ndarray]:
        """Influence = -Cov, each (sizes, source, target), nats squared, negative where it helps:
        within_U and within_V of one phase; within, their weighted sum; between; total."""
        U, V = -self.covariances[:, 0], -self.covariances[:, 1]
        w = self.weight[:, None, None]
        within, between = w * U + (1 - w) * V, -w * (1 - w) * self.gaps
        return {"within_U": U, "within_V": V, "within": within, "between": between,
                "total": -self.total}  # fmt: skip


def exact_moments(
    potential: TwoWells,
    sizes: np.ndarray,
    *,
    gamma: float = 0.0,
    anchor: str | None = None,
    spacing: float = SPACING,
) -> PhaseMoments:
    r"""Integrate $p(w) \propto \exp(-nL(w) - \frac{\gamma}{2}|w - w^*|^2)$ over the box.

    Args:
        potential: the two wells.
        sizes: n (sizes,), the sampler's nbeta, each > 0.
        gamma: localisation, 1/length^2; 0: the global posterior.
        anchor: the well, U or V, at whose minimum w* is; needed where gamma > 0.
        spacing: of the grid of the trapezoidal rule, length.

    Returns:
        weight, means (nats) and covariances (nats squared) within the phases and over both.

    Raises:
        ValueError: a size or gamma is out of range, gamma > 0 has no anchor, the grid is too
            coarse for the narrowest posterior asked for, or one well is lower in the whole box.
    """
    sizes = positive(sizes)
    if not gamma >= 0 or (gamma > 0 and anchor not in WELLS):
        raise ValueError(f"gamma = {gamma}, anchor = {anchor!r}: allowed are 0, or > 0 with an "
                         f"anchor out of {', '.join(WELLS)}")  # fmt: skip
    finest = COARSEST / math.sqrt(2 * potential.quadratic * sizes.max() + gamma)
    if spacing > finest:
        raise ValueError(f"spacing = {spacing}: at most {finest:.3g} at n = {sizes.max():g}")
    sides = [
        torch.linspace(-r, r, 2 * math.ceil(r / spacing) + 1, dtype=torch.float64) for r in BOX
    ]
    w, loss = torch.cartesian_prod(*sides), TwoWellLoss(potential)
    pull = gamma / 2 * _from(w, anchor or "U").square().sum(1)
    log_mass, means, squares = [], [], []
    for phase in (loss.in_U(w), ~loss.in_U(w)):
        if not phase.any():
            raise ValueError(f"{potential}: one well is lower in the whole box, no two phases")
        losses = loss({"w": w[phase]}, None).numpy()
        mean_loss = torch.minimum(*loss.wells(w[phase])).numpy()
        energy = sizes[:, None] * mean_loss + pull[phase].numpy()
        lowest = energy.min(1, keepdims=True)  # of each phase: neither underflows
        density = np.exp(lowest - energy)
        mass = density.sum(1)
        log_mass.append(np.log(mass) - lowest[:, 0])
        products = (losses[:, :, None] * losses[:, None, :]).reshape(len(losses), -1)
        means.append(density @ losses / mass[:, None])
        squares.append((density @ products / mass[:, None]).reshape(*means[-1].shape, -1))
    return _mixed(sizes, expit(log_mass[0] - log_mass[1]), np.stack(means, 1), np.stack(squares, 1))


def _mixed(
    sizes: np.ndarray, weight: np.ndarray, means: np.ndarray, squares: np.ndarray
) -> PhaseMoments:
    """Moments from the weight of U and each phase's means and mean products of losses."""
    shares = np.stack([weight, 1 - weight], 1)
    whole, whole_square = (np.einsum("np,np...->n...", shares, m) for m in (means, squares))
    within = squares - means[..., :, None] * means[..., None, :]
    total = whole_square - whole[:, :, None] * whole[:, None, :]
    return PhaseMoments(sizes, weight, means, within, total)
