"""Stages of the toy: when each distinction of the hierarchy is learnt."""

from __future__ import annotations

import numpy as np

from analysis.statistics.crossings import first_crossing
from analysis.theory.modes import mode_strength
from models.toy.hierarchy import Node
from models.toy.linear_network import mode_basis

RISE = (0.1, 0.5, 0.9)  # shares of the final value that mark start, middle and end of a stage


def stage_name(node: Node) -> str:
    """A distinction by what it tells apart, as in "mammal | bird".

    Args:
        node: of the hierarchy, with children.

    Returns:
        the name.
    """
    return " | ".join(child.name for child in node.children)


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


def rise_times(steps: np.ndarray, progress_: np.ndarray) -> tuple[float, float, float]:
    """Steps at which a curve first reaches 10, 50 and 90 % of 1, interpolated; NaN if never.

    Args:
        steps: (steps,).
        progress_: (steps,), 1: learnt.

    Returns:
        three steps.
    """
    start, middle, end = (
        float(first_crossing(steps, progress_, share, np.greater_equal)) for share in RISE
    )
    return start, middle, end
