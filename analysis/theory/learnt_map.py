"""The network's map in the terms of theory: its modes, and how far it tells items apart."""

from __future__ import annotations

import numpy as np

from analysis.theory.modes import mode_strength
from models.toy.linear_network import mode_basis


def mode_strengths(maps: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Strength u_k^T W v_k of every mode of a map.

    Args:
        maps: W = W2 W1, (..., features, items).
        targets: Y (features, items), whose singular basis it is.

    Returns:
        (..., modes), modes by decreasing singular value; 1/sigma = items times the singular value
        when the mode is learnt.
    """
    U, _, V = mode_basis(targets)
    return np.einsum("ak,...ai,ik->...k", U, maps, V)


def theory_maps(targets: np.ndarray, times: np.ndarray, initial: float) -> np.ndarray:
    """Maps U G(t) V^T of the theory of independent modes.

    Args:
        targets: Y (features, items).
        times: (times,), learning rate x steps.
        initial: strength of every mode at time 0, > 0.

    Returns:
        (times, features, items), in the unit of the targets.

    Raises:
        ValueError: the initial strength is not positive.

    Source: Saxe, McClelland and Ganguli 2019.
    """
    U, s, V = mode_basis(targets)
    strengths = mode_strength(s, np.asarray(times)[:, None], initial, 1 / targets.shape[1])
    return np.einsum("ak,tk,ik->tai", U, strengths, V)


def progress(maps: np.ndarray, targets: np.ndarray, directions: np.ndarray) -> np.ndarray:
    r"""How far a distinction is learnt: 0 not at all, 1 as in the targets.

    The projection of the network's answer to the input contrast c on the right answer,
    $\langle Yc, Wc \rangle / |Yc|^2$, mean over contrasts.

    Args:
        maps: W = W2 W1, (..., features, items).
        targets: Y (features, items).
        directions: contrasts c (contrasts, items), as of `Hierarchy.contrasts`.

    Returns:
        (...,), a pure number.
    """
    right = targets @ directions.T  # (features, contrasts)
    answer = maps @ directions.T
    return ((right * answer).sum(-2) / (right**2).sum(0)).mean(-1)
