"""When influence should peak and flip, from theory alone, and how well measurement agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.optimize import linear_sum_assignment

from analysis.development.distinctions import progress, rise_times, theory_maps
from analysis.estimators.bif_gaussian import factored_gaussian_influence
from analysis.estimators.first_order import first_order_influence
from analysis.statistics.events import Event, Trajectory, find_events
from analysis.theory.modes import mode_strength
from analysis.theory.pairs import theory_influence
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import Weights, aligned_weights, mode_basis, sample_derivatives

MATCHED = ["source", "target", "kind", "direction", "predicted", "measured", "ci_low", "ci_high",
           "error", "width"]  # fmt: skip
TIMES = ["step", "ci_low", "ci_high"]
Events = dict[tuple[str, str], list[Event]]  # by (source, target)


@dataclass(frozen=True)
class Matching:
    """When a measured event counts as the predicted one.

    Attributes:
        farthest: transition widths at which it still does.
        large: share of the highest peak from which on a missed one counts as large.
        shuffles: of the pairs' predictions, for what chance would give.
    """

    farthest: float = 0.25
    large: float = 0.1
    shuffles: int = 5


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

    Args:
        init_scale: standard deviation of the weights.
        hidden_width: of the network.
        initialisation: random or aligned.

    Returns:
        in the unit of the singular values.
    """
    return init_scale**2 * (1.0 if initialisation == "aligned" else hidden_width / 2)


def predicted_influence(training: Training, steps: np.ndarray) -> np.ndarray:
    """First-order theory's influence at training steps (steps, source, target): what the
    unrolled derivative and leave-one-out should follow.

    Args:
        training: how the network is trained.
        steps: training steps.

    Returns:
        (steps, source, target); negative: helps.
    """
    times = steps * training.learning_rate
    return theory_influence(training.tree.targets(), times, training.strength)


def predicted_bif(
    training: Training, steps: np.ndarray, *, nbeta: float, gamma: float
) -> np.ndarray:
    """Gaussian limit of BIF at the networks of theory (steps, source, target): aligned, with the
    strengths of independent modes.

    Args:
        training: how the network is trained.
        steps: (steps,).
        nbeta: n x beta, effective number of samples.
        gamma: localisation, 1/parameter^2.

    Returns:
        (steps, source, target), loss squared; negative: helps.

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


def transition_width(training: Training, pair: tuple[str, str], steps: np.ndarray) -> float:
    """Steps that the distinction between a pair of items takes from 10 to 90 %, by theory.

    Args:
        training: how the network is trained.
        pair: of items.
        steps: training steps.

    Returns:
        in steps.
    """
    targets, tree = training.tree.targets(), training.tree
    maps = theory_maps(targets, steps * training.learning_rate, training.strength)
    contrasts = tree.contrasts(tree.lowest_common_ancestor(*pair))
    start, _, end = rise_times(steps, progress(maps, targets, contrasts))
    return end - start


def aligned_influence(training: Training, steps: np.ndarray) -> np.ndarray:
    """Unrolled derivative (steps, source, target) of training from the start theory assumes: all
    that theory leaves out is then that training takes steps.

    Args:
        training: how the network is trained.
        steps: training steps.

    Returns:
        (steps, source, target); negative: helps.
    """
    targets = torch.tensor(training.tree.targets())
    start = aligned_weights(targets, training.hidden_width, training.strength**0.5)
    record = steps.tolist()
    return first_order_influence(
        start, targets, record, learning_rate=training.learning_rate
    ).numpy()


def table_of(found: Events) -> pd.DataFrame:
    """Events by pair as a table with the contract's columns that `match` reads.

    Args:
        found: events by pair.

    Returns:
        one row per event.
    """
    rows = [
        {"source": pair[0], "target": pair[1], **vars(event)}
        for pair, events in found.items()
        for event in events
    ]
    return pd.DataFrame(rows, columns=["source", "target", "direction", *TIMES])


def events_of(
    curves: np.ndarray,
    steps: np.ndarray,
    tree: Hierarchy,
    resolution: float = 1e-3,
    sign_level: float = 0.05,
) -> Events:
    """Flips and peaks of exact curves (steps, source, target), by pair of different items.

    Args:
        curves: influence (steps, source, target).
        steps: (steps,).
        tree: the hierarchy, whose leaves name the items.
        resolution: share of a curve's largest size below which nothing is an event.
        sign_level: at which a sign is sure, see `find_events`.

    Returns:
        flips and peaks of all ordered pairs.
    """
    found: Events = {}
    rng = np.random.default_rng(0)  # an exact curve has no chance in it: unused but for its form
    for i, source in enumerate(tree.items):
        for j, target in enumerate(tree.items):
            if i != j:
                curve = curves[None, :, i, j]
                trajectory = Trajectory(steps, curve, np.zeros_like(curve), resolution)
                events = find_events(trajectory, replicates=1, sign_level=sign_level, rng=rng)
                found[source, target] = [event for event in events if event.p_value < sign_level]
    return found


class Match(NamedTuple):
    """What came of a prediction.

    Attributes:
        events: the matched events, columns `MATCHED`; error is measured minus predicted, steps.
        missed: predicted events that were not found.
        large, missed_large: predicted peaks of at least `Matching.large` of the highest predicted
            one, and those of them that were not found.
        unforeseen: found events that were not predicted.
    """

    events: pd.DataFrame
    missed: int
    large: int
    missed_large: int
    unforeseen: int


def match(
    predicted: Events,
    measured: pd.DataFrame,
    widths: dict[tuple[str, str], float],
    matching: Matching = Matching(),
) -> Match:
    """Pair predicted events with measured ones of the same kind and direction.

    Within a pair of items the assignment has the least total distance in time; what is farther
    apart than `matching.farthest` transition widths stays unmatched.

    Args:
        predicted: events by (source, target).
        measured: the contract's event table, of one estimator.
        widths: transition width of every pair, steps.
        matching: how far apart two events may be, and which peaks are large.

    Returns:
        the pairs found, and how many were missed and unforeseen.
    """
    rows, missed, large, missed_large, unforeseen = [], 0, 0, 0, 0
    sizes = [abs(event.value) for events in predicted.values() for event in events]
    least = matching.large * max(sizes, default=0.0)

    def is_large(event: Event) -> bool:
        return event.kind == "peak" and abs(event.value) >= least

    keys = ["source", "target", "direction"]
    found_by = {key: rows[TIMES].to_numpy() for key, rows in measured.groupby(keys)}
    for pair, events in predicted.items():
        for kind in ("to_harmful", "to_helpful", "maximum", "minimum"):
            expected = [event for event in events if event.direction == kind]
            found = found_by.get((*pair, kind), np.empty((0, len(TIMES))))
            gaps = np.abs(np.array([event.step for event in expected])[:, None] - found[:, 0])
            pairs = [
                (a, b)
                for a, b in zip(*linear_sum_assignment(gaps), strict=True)
                if gaps[a, b] <= matching.farthest * widths[pair]
            ]
            found_here = {a for a, _ in pairs}
            lost = [event for a, event in enumerate(expected) if a not in found_here]
            missed += len(lost)
            large += sum(map(is_large, expected))
            missed_large += sum(map(is_large, lost))
            unforeseen += len(found) - len(pairs)
            for a, b in pairs:
                event, when = expected[a], found[b]
                error = when[0] - event.step
                rows.append((*pair, event.kind, kind, event.step, *when, error, widths[pair]))
    return Match(pd.DataFrame(rows, columns=MATCHED), missed, large, missed_large, unforeseen)


def by_chance(
    predicted: Events,
    measured: pd.DataFrame,
    widths: dict[tuple[str, str], float],
    matching: Matching,
    rng: np.random.Generator,
) -> float:
    """Share of the measured events that are predicted if every pair is given the prediction of
    a pair drawn at random: what the matching alone is worth. Zero where nothing was measured.

    Args:
        predicted: events by pair.
        measured: the contract's event table.
        widths: of the transitions, steps.
        matching: how far apart two events may be.
        rng: source of random numbers.

    Returns:
        from 0 to 1.
    """
    pairs, shares = list(predicted), []
    for _ in range(matching.shuffles):
        order = rng.permutation(len(pairs))
        shuffled = {pair: predicted[pairs[k]] for pair, k in zip(pairs, order, strict=True)}
        found = match(shuffled, measured, widths, matching)
        shares.append(len(found.events) / max(len(found.events) + found.unforeseen, 1))
    return float(np.mean(shares))


def agreement(found: Match) -> dict[str, float]:
    """Numbers that sum up one estimator: the counts of `Match`, median and worst absolute error
    in steps and in transition widths, median signed error (steps), and the share of predictions
    inside the measured interval; zeros where nothing matched.

    Args:
        found: what matched.

    Returns:
        by name.
    """
    matched = found.events
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
    counts = {"matched": len(matched), **found._asdict()}
    del counts["events"]
    return counts | {name: float(value) if len(matched) else 0.0 for name, value in numbers.items()}
