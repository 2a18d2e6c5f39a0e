"""Numbers of the theory of modes, made from its expressions.

`mode_dynamics` proves them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from analysis.theory.derivation import numeric
from analysis.theory.mode_dynamics import (
    ARGUMENTS,
    DIVIDED_DIFFERENCE,
    HALF_RISE,
    INPUT_SENSITIVITY,
    PEAK_CONDITION,
    SENSITIVITY,
    STRENGTH,
    delay,
    g0,
    log_odds,
    mode_dynamics,
    s,
    s1,
    s2,
    share,
    sigma,
    t,
)

__all__ = [
    "divided_difference", "half_rise_time", "input_sensitivity", "mode_dynamics", "mode_strength",
    "peak_share", "sensitivity",
]  # fmt: skip

_strength = numeric(STRENGTH, *ARGUMENTS)
_half_rise = numeric(HALF_RISE, s, g0, sigma)
_sensitivity = numeric(SENSITIVITY.subs(share, STRENGTH * sigma / s), *ARGUMENTS)
_input_sensitivity = numeric(INPUT_SENSITIVITY, *ARGUMENTS)
_quotient = numeric(DIVIDED_DIFFERENCE, s1, s2, t, g0, sigma)
_condition = numeric(PEAK_CONDITION, share, log_odds, delay)


def _positive(initial: float) -> float:
    if not initial > 0:
        raise ValueError(
            f"initial strength {initial:.3g}: a mode grows from a positive strength only; at 0 it "
            "stays where it is"
        )
    return initial


def mode_strength(
    s: np.ndarray, time: np.ndarray, initial: float, input_variance: float
) -> np.ndarray:
    r"""Strength G(t) of a mode under gradient flow from a small balanced initialisation.

    $G(t) = s g_0 / (\sigma g_0 + (s - \sigma g_0) e^{-2st})$, which solves
    $\dot G = 2 G (s - \sigma G)$.

    Args:
        s: singular value(s) of the input-output covariance.
        time: learning rate x steps (broadcast against s).
        initial: G(0) = g_0 > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        strengths, broadcast over the arguments, in the unit of the network's map: from g_0 to
        s/sigma.

    Raises:
        ValueError: the initial strength is not positive.

    Source: Saxe, McClelland and Ganguli 2019; `mode_dynamics` proves it.

    Example:
        >>> mode_strength(np.array(0.5), np.array([0.0, 50.0]), 0.01, 0.125).round(3).tolist()
        [0.01, 4.0]
    """
    return _strength(s, time, _positive(initial), input_variance)


def half_rise_time(s: np.ndarray, initial: float, input_variance: float) -> np.ndarray:
    r"""Time at which a mode's strength is half of s / sigma: $\log(s/(\sigma g_0) - 1) / 2s$.

    Args:
        s: singular value(s) of the input-output covariance.
        initial: strength g_0 at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        of the shape of `s`, learning rate x steps; negative where the start is above half.

    Raises:
        ValueError: the initial strength is not positive.
    """
    return _half_rise(s, _positive(initial), input_variance)


def sensitivity(
    s: np.ndarray, time: np.ndarray, initial: float, input_variance: float
) -> np.ndarray:
    """How a mode's strength reacts to its singular value, dG/ds.

    Args:
        s: singular value(s) of the input-output covariance.
        time: learning rate x steps (broadcast against s).
        initial: strength at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        broadcast over the arguments; never negative: more weight on data that carry the mode raises
        it.

    Raises:
        ValueError: the initial strength is not positive.
    """
    return _sensitivity(s, time, _positive(initial), input_variance)


def input_sensitivity(
    s: np.ndarray, time: np.ndarray, initial: float, input_variance: float
) -> np.ndarray:
    """How a mode's strength reacts to the variance of the inputs, dG/dsigma.

    Args:
        s: singular value(s) of the input-output covariance.
        time: learning rate x steps (broadcast against s).
        initial: strength at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        broadcast over the arguments; never positive: it holds the strength back.

    Raises:
        ValueError: the initial strength is not positive.
    """
    return _input_sensitivity(s, time, _positive(initial), input_variance)


def divided_difference(
    first: np.ndarray, second: np.ndarray, time: np.ndarray, initial: float, input_variance: float
) -> np.ndarray:
    """(G(first) - G(second)) / (first - second), without cancellation; dG/ds where they are equal.

    Args:
        first: singular value(s) of the input-output covariance.
        second: singular value(s), broadcast against the first.
        time: learning rate x steps, broadcast against both.
        initial: strength of both modes at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        broadcast over the arguments.

    Raises:
        ValueError: the initial strength is not positive.
    """
    high, low = np.maximum(first, second), np.minimum(first, second)  # exponents stay negative
    return _quotient(high, low, time, _positive(initial), input_variance)


def peak_share(s: float, initial: float, input_variance: float) -> float:
    """Share of a mode that is learnt when sensitivity x residual is highest (step mode_peak).

    Args:
        s: singular value of the input-output covariance.
        initial: strength at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        share of the final strength, from 0 to 1; a third as the start vanishes.

    Raises:
        ValueError: the mode does not start between zero and its final strength.
    """
    a = s / (input_variance * _positive(initial)) - 1
    if a <= 0:
        raise ValueError(
            f"initial strength {initial:.3g}: not below the final {s / input_variance:.3g}, so "
            "that there is nothing to learn and no peak"
        )
    delay_ = np.log(a) - (1 + 1 / a)

    def condition(u: float) -> float:
        return float(_condition(1 / (1 + np.exp(-u)), u, delay_))

    return float(1 / (1 + np.exp(-brentq(condition, -np.log(a), 40.0))))
