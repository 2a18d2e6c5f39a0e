"""When influence should peak and flip, from theory alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import torch

from analysis.statistics.crossings import rise_times
from analysis.statistics.events import Trajectory, find_events
from analysis.theory.gaussian_influence import factored_gaussian_influence
from analysis.theory.learnt_map import progress, theory_maps
from analysis.theory.matching import Events
from analysis.theory.modes import mode_strength
from analysis.theory.pairs import theory_influence
from analysis.theory.tangent import first_order_influence
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import Weights, aligned_weights, mode_basis, sample_derivatives


class Training(NamedTuple):
    """What theory needs of a training run: nothing measured, nothing fitted.

    Attributes:
        tree: the hierarchy; its targets have the singular values.
        learning_rate: time is learning rate x step.
        strength: expected initial strength of a mode, see `expected_strength`.
        hidden_width: hidden units, at least one per item.
    """

    tree: Hierarchy
    learning_rate: float
    strength: float
    hidden_width: int


def expected_strength(init_scale: float, hidden_width: int, initialisation: str) -> float:
    """Initial strength of a mode that theory expects before any network is drawn.

    Aligned: the square of the scale. Random: the mean over networks of $|W_1 v + W_2^T u|^2/4$,
    2 x hidden width normal numbers of that scale, hence scale^2 x hidden width / 2.

    Args:
        init_scale: standard deviation of the weights.
        hidden_width: of the network.
        initialisation: "aligned"; anything else counts as random.

    Returns:
        in the unit of the network's map.

    Source: ours.
    """
    return init_scale**2 * (1.0 if initialisation == "aligned" else hidden_width / 2)


def predicted_influence(training: Training, steps: np.ndarray) -> np.ndarray:
    """First-order theory's influence at training steps: what the unrolled derivative and
    leave-one-out should follow.

    Args:
        training: how the network is trained.
        steps: training steps (steps,), increasing.

    Returns:
        (steps, source, target), squared-error units per unit of sample weight; negative: helps.

    Raises:
        ValueError: a singular value vanishes, or the initial strength is not positive.

    Source: `theory_influence`.
    """
    times = steps * training.learning_rate
    return theory_influence(training.tree.targets(), times, training.strength)


def predicted_bif(
    training: Training, steps: np.ndarray, *, nbeta: float, gamma: float
) -> np.ndarray:
    """Gaussian limit of BIF at the networks of theory: aligned, with the strengths of independent
    modes.

    Args:
        training: how the network is trained.
        steps: training steps (steps,).
        nbeta: n x beta, effective number of samples.
        gamma: localisation, 1/parameter^2.

    Returns:
        (steps, source, target), squared-error units squared; negative: helps.

    Raises:
        NotPositiveDefiniteError: the localisation is too weak for the saddles on the way.
        ValueError: the initial strength is not positive.

    Source: `factored_gaussian_influence` at `mode_strength`.
    """
    targets = training.tree.targets()
    U, s, V = mode_basis(targets)
    units = np.eye(training.hidden_width, len(s))
    values = []
    for step in steps:
        time = np.array(step * training.learning_rate)
        roots = np.sqrt(mode_strength(s, time, training.strength, 1 / targets.shape[1]))
        layers = (units * roots @ V.T, U * roots @ units.T)
        gradients, curvature = sample_derivatives(
            Weights(*map(torch.tensor, layers)), torch.tensor(targets)
        )
        value = factored_gaussian_influence(gradients, *curvature, nbeta=nbeta, gamma=gamma)
        values.append(value.numpy())
    return np.stack(values)


def transition_width(training: Training, pair: tuple[str, str], steps: np.ndarray) -> float:
    """How long the distinction between a pair of items takes from 10 to 90 %, by theory.

    Args:
        training: how the network is trained.
        pair: of different items.
        steps: training steps (steps,) at which progress is looked at, increasing.

    Returns:
        in steps; NaN where 90 % is not reached within `steps`.

    Raises:
        ValueError: a name is no item of the tree, or the initial strength is not positive.
    """
    targets, tree = training.tree.targets(), training.tree
    maps = theory_maps(targets, steps * training.learning_rate, training.strength)
    contrasts = tree.contrasts(tree.lowest_common_ancestor(*pair))
    start, _, end = rise_times(steps, progress(maps, targets, contrasts))
    return end - start


def aligned_influence(training: Training, steps: np.ndarray) -> np.ndarray:
    """Unrolled derivative of training from the start theory assumes: all that theory leaves out is
    then that training takes steps.

    Args:
        training: how the network is trained.
        steps: training steps (steps,) to keep, increasing.

    Returns:
        (steps, source, target), squared-error units per unit of sample weight; negative: helps.

    Raises:
        ValueError: the hidden layer is narrower than the number of modes.
        FloatingPointError: training diverged.

    Source: `first_order_influence`.
    """
    targets = torch.tensor(training.tree.targets())
    start = aligned_weights(targets, training.hidden_width, training.strength**0.5)
    record = steps.tolist()
    return first_order_influence(
        start, targets, record, learning_rate=training.learning_rate
    ).numpy()


def events_of(
    curves: np.ndarray,
    steps: np.ndarray,
    tree: Hierarchy,
    resolution: float = 1e-3,
    sign_level: float = 0.05,
    pairs: Collection[tuple[str, str]] | None = None,
) -> Events:
    """Flips and peaks of exact curves, by pair of different items.

    Args:
        curves: influence (steps, source, target), any unit; negative: helps.
        steps: training steps (steps,), increasing.
        tree: the hierarchy, whose leaves name the items.
        resolution: share of a curve's largest size below which nothing is an event.
        sign_level: at which a sign is sure, see `find_events`.
        pairs: ordered pairs looked at; None: all.

    Returns:
        (source, target) -> its flips and peaks with a p-value below `sign_level`; every
        pair asked for is there.
    """
    found: Events = {}
    rng = np.random.default_rng(0)  # an exact curve has no chance in it: unused but for its form
    for i, source in enumerate(tree.items):
        for j, target in enumerate(tree.items):
            if i != j and (pairs is None or (source, target) in pairs):
                curve = curves[None, :, i, j]
                trajectory = Trajectory(steps, curve, np.zeros_like(curve), resolution)
                events = find_events(trajectory, replicates=1, sign_level=sign_level, rng=rng)
                found[source, target] = [event for event in events if event.p_value < sign_level]
    return found
