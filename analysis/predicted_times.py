"""When influence should peak and flip, from theory alone, and how well measurement agrees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.optimize import linear_sum_assignment

from analysis.events import Event, Trajectory, find_events
from analysis.gaussian import factored_gaussian_influence
from analysis.stages import progress, rise_times, theory_maps
from analysis.theory.modes import mode_strength
from analysis.theory.pairs import theory_influence
from models.hierarchy import Hierarchy
from models.linear_network import Weights, mode_basis, sample_derivatives

MATCHED = ["source", "target", "kind", "direction", "predicted", "measured", "ci_low", "ci_high",
           "error", "width"]  # fmt: skip
FARTHEST = 1.0  # transition widths at which an event still counts as the predicted one


class Training(NamedTuple):
    """What theory needs of a training run: nothing measured, nothing fitted.

    Attributes:
        tree: the hierarchy; its targets have the singular values.
        learning_rate: time is learning rate x step.
        strength: expected initial strength of a mode.
        hidden_width: hidden units.
    """

    tree: Hierarchy
    learning_rate: float
    strength: float
    hidden_width: int


def expected_strength(init_scale: float, hidden_width: int, initialisation: str) -> float:
    r"""Initial strength of a mode that theory expects before any network is drawn.

    Aligned: the square of the scale. Random: the mean over networks of $|W_1 v + W_2^T u|^2/4$,
    2 x hidden width normal numbers of that scale, hence scale^2 x hidden width / 2.
    """
    return init_scale**2 * (1.0 if initialisation == "aligned" else hidden_width / 2)


def predicted_influence(training: Training, steps: np.ndarray) -> np.ndarray:
    """First-order theory's influence at training steps (steps, source, target): what the
    unrolled derivative and leave-one-out should follow."""
    times = steps * training.learning_rate
    return theory_influence(training.tree.targets(), times, training.strength)


def predicted_bif(
    training: Training, steps: np.ndarray, *, nbeta: float, gamma: float
) -> np.ndarray:
    """Gaussian limit of BIF at the networks of theory (steps, source, target): aligned, with the
    strengths of independent modes.

    Raises:
        NotPositiveDefiniteError: the localisation is too weak for the saddles on the way.
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


def transition_width(training: Training, source: str, target: str, steps: np.ndarray) -> float:
    """Steps that the distinction between two items takes from 10 to 90 %, by theory."""
    targets, tree = training.tree.targets(), training.tree
    maps = theory_maps(targets, steps * training.learning_rate, training.strength)
    contrasts = tree.contrasts(tree.lowest_common_ancestor(source, target))
    start, _, end = rise_times(steps, progress(maps, targets, contrasts))
    return end - start


def events_of(curves: np.ndarray, steps: np.ndarray, tree: Hierarchy) -> dict:
    """Flips and peaks of exact curves (steps, source, target), by pair of different items."""
    found: dict[tuple[str, str], list[Event]] = {}
    rng = np.random.default_rng(0)  # an exact curve has no chance in it: unused but for its form
    for i, source in enumerate(tree.items):
        for j, target in enumerate(tree.items):
            if i != j:
                curve = curves[None, :, i, j]
                trajectory = Trajectory(steps, curve, np.zeros_like(curve))
                found[source, target] = find_events(trajectory, replicates=1, rng=rng)
    return found


def match(
    predicted: dict[tuple[str, str], list[Event]],
    measured: pd.DataFrame,
    widths: dict[tuple[str, str], float],
) -> tuple[pd.DataFrame, int, int]:
    """Pair predicted events with measured ones of the same kind and direction.

    Within a pair of items the assignment has the least total distance in time; what is farther
    apart than `FARTHEST` transition widths stays unmatched.

    Args:
        predicted: events by (source, target); measured: the contract's event table, of one
        estimator; widths: transition width of every pair, steps.

    Returns:
        The matched events (columns `MATCHED`; error is measured minus predicted, steps), the
        number of predicted events not found, and of found events not predicted.
    """
    rows, missed, unforeseen = [], 0, 0
    for pair, events in predicted.items():
        here = measured[(measured["source"] == pair[0]) & (measured["target"] == pair[1])]
        for kind in ("to_harmful", "to_helpful", "maximum", "minimum"):
            expected = [event for event in events if event.direction == kind]
            found = here[here["direction"] == kind]
            gaps = np.abs(
                np.array([event.step for event in expected])[:, None] - found["step"].to_numpy()
            )
            pairs = [
                (a, b)
                for a, b in zip(*linear_sum_assignment(gaps), strict=True)
                if gaps[a, b] <= FARTHEST * widths[pair]
            ]
            missed += len(expected) - len(pairs)
            unforeseen += len(found) - len(pairs)
            for a, b in pairs:
                event, row = expected[a], found.iloc[b]
                error = row["step"] - event.step
                times = (event.step, row["step"], row["ci_low"], row["ci_high"])
                rows.append((*pair, event.kind, kind, *times, error, widths[pair]))
    return pd.DataFrame(rows, columns=MATCHED), missed, unforeseen


def agreement(matched: pd.DataFrame, missed: int, unforeseen: int) -> dict[str, float]:
    """Numbers that sum up one estimator: events matched, missed and unforeseen, median and worst
    absolute error in steps and in transition widths, median signed error (steps), and the share
    of predictions inside the measured interval; zeros where nothing matched."""
    size = matched["error"].abs()
    inside = (matched["predicted"] >= matched["ci_low"]) & (
        matched["predicted"] <= matched["ci_high"]
    )
    numbers = {
        "median_error": size.median(),
        "worst_error": size.max(),
        "median_widths": (size / matched["width"]).median(),
        "worst_widths": (size / matched["width"]).max(),
        "bias": matched["error"].median(),
        "inside": inside.mean(),
    }
    counts = {"matched": len(matched), "missed": missed, "unforeseen": unforeseen}
    return counts | {name: float(value) if len(matched) else 0.0 for name, value in numbers.items()}
