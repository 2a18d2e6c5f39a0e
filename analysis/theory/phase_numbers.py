"""Numbers of the theory of phases, made from its expressions."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from scipy.special import expit

from analysis.theory import free_energy, phases
from analysis.theory.derivation import numeric
from analysis.theory.free_energy import EXCESS, EXPONENT, SIZE, VOLUME
from analysis.theory.phases import COV_U, COV_V, GAPS

MAX_EXPONENT = 700  # exp() of more overflows

volume = numeric(free_energy.VOLUME_RATIO, free_energy.QUARTIC, free_energy.QUADRATIC)
_log_odds = numeric(free_energy.LOG_ODDS, SIZE, EXCESS, EXPONENT, VOLUME)
_critical = {name: numeric(n, EXCESS, EXPONENT, VOLUME) for name, n in free_energy.CRITICAL.items()}
_width = numeric(free_energy.WIDTH, EXCESS, EXPONENT, VOLUME)
_discriminant = numeric(phases.DISCRIMINANT, COV_U, COV_V, GAPS)
_flip_odds = numeric(phases.FLIP_ODDS, COV_U, COV_V, GAPS)


def positive(sizes: np.ndarray) -> np.ndarray:
    """Sizes n as an array, if all are finite and > 0.

    Args:
        sizes: a number or (points,), samples.

    Returns:
        (points,), floats.

    Raises:
        ValueError: one is not; shows all.
    """
    sizes = np.atleast_1d(np.asarray(sizes, dtype=float))
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        raise ValueError(f"sizes = {sizes.tolist()}: every n must be finite and > 0")
    return sizes


def phase_weight(
    sizes: np.ndarray, excess_loss: float, excess_exponent: float, log_volume: float = 0.0
) -> np.ndarray:
    r"""Weight of U by free energy; with log_volume 0 by nL + lambda log n alone.

    $\pi_U = 1 / (1 + e^{-x})$ with log odds $x = -n \Delta L + \Delta\lambda \log n + c$.

    Args:
        sizes: n, > 0, (points,), samples.
        excess_loss: Delta L, by how much the loss of U exceeds V's, nats per sample.
        excess_exponent: Delta lambda, by how much V's learning coefficient exceeds U's.
        log_volume: c, logarithm of the ratio of the phases' volumes, U over V.

    Returns:
        (points,), from 0 to 1.

    Raises:
        ValueError: a size is not finite and > 0.

    Source: Watanabe 2009; `free_energy`, step log_odds.

    Example:
        >>> phase_weight(np.array([1.0, 3000.0]), 0.002, 0.5).round(2).tolist()
        [0.5, 0.12]
    """
    return expit(_log_odds(positive(sizes), excess_loss, excess_exponent, log_volume))


def critical_size(
    excess_loss: float,
    excess_exponent: float,
    log_volume: float = 0.0,
    branch: Literal["late", "early"] = "late",
) -> float:
    r"""The n at which the phases weigh the same by free energy; "late" is the transition.

    $n_c = -(\Delta\lambda/\Delta L)\, W(-(\Delta L/\Delta\lambda) e^{-c/\Delta\lambda})$ with
    Lambert's W, branch -1 for the later and 0 for the earlier of the two.

    Args:
        excess_loss: Delta L, by how much the loss of U exceeds V's, nats per sample, > 0.
        excess_exponent: Delta lambda, by how much V's learning coefficient exceeds U's, > 0.
        log_volume: c, logarithm of the ratio of the phases' volumes, U over V.
        branch: the later or the earlier of the two n.

    Returns:
        n, in samples.

    Raises:
        ValueError: there is none, because U is not the degenerate phase with the higher loss, or
            its loss is so much higher that V outweighs it at every n; or log_volume is out of
            range.

    Source: `free_energy`, step critical_size.
    """
    given = (f"excess_loss = {excess_loss:g}, excess_exponent = {excess_exponent:g}, "
             f"log_volume = {log_volume:g}")  # fmt: skip
    if not (0 < excess_loss < math.inf and 0 < excess_exponent < math.inf):
        raise ValueError(f"{given}: no transition; the first two must be finite and > 0")
    if not abs(log_volume) < MAX_EXPONENT * excess_exponent:
        raise ValueError(f"{given}: log_volume within {MAX_EXPONENT} excess_exponent allowed")
    largest = excess_exponent * math.exp(log_volume / excess_exponent - 1)
    if not excess_loss < largest:
        raise ValueError(f"{given}: V outweighs U at every n; excess_loss < {largest:.3g} allowed")
    return float(np.real(_critical[branch](excess_loss, excess_exponent, log_volume)))


def transition_width(excess_loss: float, excess_exponent: float, log_volume: float = 0.0) -> float:
    """Full width at half height of the between-phase peak in n, to first order.

    Args:
        excess_loss: by how much the loss of U exceeds V's, nats per sample, > 0.
        excess_exponent: by how much V's learning coefficient exceeds U's, > 0.
        log_volume: logarithm of the ratio of the phases' volumes, U over V.

    Returns:
        in samples.

    Raises:
        ValueError: there is no transition, see `critical_size`.

    Source: `free_energy`, step width.
    """
    critical_size(excess_loss, excess_exponent, log_volume)
    return float(np.real(_width(excess_loss, excess_exponent, log_volume)))


def flip_weights(cov_U: float, cov_V: float, gaps: float) -> tuple[float, ...]:
    """Weights of U at which the total covariance changes sign.

    Args:
        cov_U: covariance within U, nats squared.
        cov_V: covariance within V, nats squared.
        gaps: product of the two losses' differences in means between the phases, nats squared.

    Returns:
        none, one or two weights in (0, 1), ascending; where the total only touches zero there is
        none.

    Raises:
        ValueError: one of them is not finite.

    Source: `analysis.theory.phases.two_phases`, steps flip_quadratic to no_flip.

    Example:
        >>> flip_weights(1.0, -1.0, 0.0)
        (0.5,)
    """
    if not np.isfinite([cov_U, cov_V, gaps]).all():
        raise ValueError(f"covariances {cov_U}, {cov_V} and gaps {gaps} must be finite")
    if abs(cov_U) < abs(cov_V):  # divide by the larger: the phases swap, and with them the weights
        return tuple(1 - weight for weight in reversed(flip_weights(cov_V, cov_U, gaps)))
    if cov_U == 0 or _discriminant(cov_U, cov_V, gaps) <= 0:  # a double root only touches zero
        return ()
    odds = sorted(float(t) for t in _flip_odds(cov_U, cov_V, gaps) if t > 0)
    return tuple(t / (1 + t) for t in odds)
