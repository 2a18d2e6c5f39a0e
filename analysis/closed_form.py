"""Closed-form influence of the toy model, from the Frechet derivative of its learnt map."""

from __future__ import annotations

import numpy as np
from scipy.special import exprel

from models.linear_network import mode_basis


def mode_strength(s: np.ndarray, time: np.ndarray, initial: float, sigma: float) -> np.ndarray:
    r"""Strength of a mode under gradient flow from a small balanced initialisation.

    Solves $\dot G = 2 G (s - \sigma G)$:
    $G(t) = (s/\sigma) / (1 + (s/(\sigma G_0) - 1) e^{-2 s t})$.

    Args:
        s: singular value(s) of the input-output covariance; time: learning rate x steps
            (broadcast against s); initial: G_0 > 0; sigma: input variance, 1/items for one-hot.

    Source: Saxe, McClelland and Ganguli 2019.
    """
    return (s / sigma) / (1 + (s / (sigma * initial) - 1) * np.exp(-2 * s * time))


def half_rise_time(s: np.ndarray, initial: float, sigma: float) -> np.ndarray:
    """Time at which the strength reaches half of s / sigma."""
    return np.log(s / (sigma * initial) - 1) / (2 * s)


def divided_difference(
    s1: np.ndarray, s2: np.ndarray, time: np.ndarray, initial: float, sigma: float
) -> np.ndarray:
    r"""$(f(s_1) - f(s_2)) / (s_1 - s_2)$ for f = `mode_strength` at one time, without cancellation.

    Written through $e(x) = (e^x - 1)/x$, which is 1 at 0, so that equal singular values give
    $f'(s)$ by the same formula: with $D$ the denominator of f and $a = 1/(\sigma G_0)$,
    $f[s_1, s_2] = (1/\sigma - f(s_2) D[s_1, s_2]) / D(s_1)$ and
    $D[s_1, s_2] = a e^{-2 s_1 t} - 2 t (a s_2 - 1) e^{-2 s_2 t} e(-2 (s_1 - s_2) t)$.
    """
    s1, s2 = np.maximum(s1, s2), np.minimum(s1, s2)  # exponents below stay negative
    a = 1 / (sigma * initial)
    slope = a * np.exp(-2 * s1 * time) - 2 * time * (a * s2 - 1) * np.exp(-2 * s2 * time) * exprel(
        -2 * (s1 - s2) * time
    )
    denominator = 1 + (a * s1 - 1) * np.exp(-2 * s1 * time)
    return (1 / sigma - mode_strength(s2, time, initial, sigma) * slope) / denominator


def closed_form_influence(targets: np.ndarray, times: np.ndarray, initial: float) -> np.ndarray:
    r"""Influence $d\ell_q(t)/dv_p$ from the theory of independent modes, for all pairs.

    The network's map is $W(t) = U f_t(S) V^T$. Weighting sample p up shifts the input-output
    covariance by $M = (1/n) y_p x_p^T$, so dW is the Frechet derivative of a generalised matrix
    function. In the singular basis, A the square part of M and B its rows outside U:
    symmetric part of A times $(f_j - f_k)/(s_j - s_k)$ (change of strengths and rotation),
    antisymmetric part times $(f_j + f_k)/(s_j + s_k)$, B times $f_k/s_k$.
    The shift of the input covariance by the same reweighting is left out: see the README.

    Args:
        targets: Y (features, items) of full column rank; times: learning rate x steps;
        initial: strength G_0 of every mode at time 0.

    Returns:
        (times, source, target), squared-error units. Negative: the source helps the target.

    Raises:
        ValueError: a singular value vanishes or the initial strength is not positive.
    """
    n = targets.shape[1]
    U, s, V = mode_basis(targets)
    if s[-1] < 1e-12 * s[0] or initial <= 0:
        raise ValueError(f"needs positive modes (lowest {s[-1]:.3g}) and strength ({initial:.3g})")
    t, sigma = np.asarray(times, dtype=float)[:, None, None], 1 / n
    f = mode_strength(s, t[:, 0], initial, sigma)  # (times, modes)
    symmetric = divided_difference(s[:, None], s[None, :], t, initial, sigma)
    rotation = (f[:, :, None] + f[:, None, :]) / (s[:, None] + s[None, :])
    residual = np.einsum("ak,tk,ik->tai", U, f, V) - targets  # W(t) - Y: (times, features, items)
    influence = np.empty((len(t), n, n))
    for source in range(n):
        shift = np.outer(targets[:, source], V[source]) / n  # M V
        A = U.T @ shift
        outside = shift - U @ A
        moved = (A + A.T) / 2 * symmetric + (A - A.T) / 2 * rotation
        d_map = U @ moved + outside * (f / s)[:, None, :]  # dW V
        influence[:, source] = np.einsum("tai,tak,ik->ti", residual, d_map, V)
    return influence
