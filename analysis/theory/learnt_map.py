"""The network's map in the terms of theory: its modes, and how far it tells items apart."""

from __future__ import annotations

import numpy as np

from analysis.theory.modes import mode_strength
from models.toy.linear_network import mode_basis


def mode_strengths(maps: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Strength u_k^T W v_k of every mode, (..., modes), of maps W (..., features, items).

    Args:
        maps: W (..., features, items).
        targets: Y (features, items).

    Returns:
        (..., modes), in the unit of the singular values.
    """
    U, _, V = mode_basis(targets)
    return np.einsum("ak,...ai,ik->...k", U, maps, V)


def theory_maps(targets: np.ndarray, times: np.ndarray, initial: float) -> np.ndarray:
    """Maps U G(t) V^T of the theory of independent modes, (times, features, items).

    Args:
        targets: Y (features, items).
        times: learning rate x steps (times,).
        initial: strength of a mode at time 0.

    Returns:
        (times, features, items).
    """
    U, s, V = mode_basis(targets)
    strengths = mode_strength(s, np.asarray(times)[:, None], initial, 1 / targets.shape[1])
    return np.einsum("ak,tk,ik->tai", U, strengths, V)


def progress(maps: np.ndarray, targets: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """How far a distinction is learnt: 0 not at all, 1 as in the targets.

    The projection of the network's answer to the input contrast c on the right answer,
    <Yc, Wc> / |Yc|^2, mean over contrasts.

    Args:
        maps: (..., features, items).
        targets: Y (features, items).
        directions: contrasts c (contrasts, items).

    Returns:
        (...,)
    """
    right = targets @ directions.T  # (features, contrasts)
    answer = maps @ directions.T
    return ((right * answer).sum(-2) / (right**2).sum(0)).mean(-1)
