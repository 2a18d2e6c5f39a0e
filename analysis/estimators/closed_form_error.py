"""Why the closed form differs from the exact influence: one cause after the other taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from analysis.estimators.unrolled import unrolled_influence
from analysis.theory.pairs import theory_influence
from analysis.theory.tangent import first_order_influence
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import (
    Weights,
    aligned_weights,
    initial_mode_strength,
    random_weights,
)
from models.toy.training import recorded_steps

NOTHING = "nothing"
# In the order in which they are taken away from training.
CAUSES = ("step size", "alignment", "input covariance", "small start")
REFINED = (2, 4)  # times as many steps, each as much smaller: extrapolated to gradient flow


class Decomposition(NamedTuple):
    """Influence (recorded, source, target) with ever fewer causes of error, squared-error units
    per unit of sample weight.

    Attributes:
        exact: unrolled derivative of the training as it is.
        influences: after the first cause of `CAUSES` is taken away, the first two, ...; the last is
            the closed form itself.
        first_order: of the tangent system, to be compared with `exact`.
        alone: cause -> influence with that cause alone taken away, where that is defined.
    """

    exact: np.ndarray
    influences: tuple[np.ndarray, ...]
    first_order: np.ndarray
    alone: dict[str, np.ndarray]


def decompose_error(
    initial: Weights, targets: torch.Tensor, record: Sequence[int], *, learning_rate: float
) -> Decomposition:
    r"""The ladder from exact influence down to the closed form, for one training run.

    1. step size: gradient flow in place of steps (Richardson's extrapolation of finer steps);
    2. alignment: a balanced start in the singular basis, of the same mean strength, in place of
       this one (first-order theory by quadrature);
    3. input covariance: $\Sigma_{xx}$ not shifted by the reweighting;
    4. small start: the start turns with the singular basis, as if it had always been the map of
       the data; what is left is the closed form. It vanishes with the initial strength.

    Args:
        initial: W1 (hidden, items), W2 (features, hidden) of one network at step 0.
        targets: Y (features, items).
        record: increasing steps.
        learning_rate: step size of training.

    Returns:
        influence on every rung of the ladder.

    Raises:
        ValueError: the hidden layer is narrower than the number of items, so that no aligned
            start exists, or a singular value vanishes.
        FloatingPointError: training diverged.

    Source: ours.
    """
    strength = initial_mode_strength(initial, targets)
    aligned = aligned_weights(targets, initial.W1.shape[0], strength**0.5)
    times, plain = np.array(record) * learning_rate, targets.numpy()

    def tangent(start: Weights, input_shift: bool = True, refine: int = 1) -> np.ndarray:
        return first_order_influence(
            start,
            targets,
            [refine * step for step in record],
            learning_rate=learning_rate / refine,
            input_shift=input_shift,
        ).numpy()

    coarse, fine = (tangent(initial, refine=refine) for refine in REFINED)
    flow = 2 * fine - coarse  # Euler's error is linear in the step
    return Decomposition(
        exact=unrolled_influence(initial, targets, record, learning_rate=learning_rate).numpy(),
        influences=(
            flow,
            theory_influence(plain, times, strength),
            theory_influence(plain, times, strength, input_shift=False),
            theory_influence(plain, times, strength, small_start=True),
        ),
        first_order=tangent(initial),
        alone={
            "step size": flow,
            "alignment": tangent(aligned),
            "input covariance": tangent(initial, input_shift=False),
        },
    )


def relative_error(found: np.ndarray, exact: np.ndarray) -> float:
    """Norm of the difference over the norm of `exact`, all times and pairs.

    Args:
        found: influence, any shape.
        exact: the same shape and unit; not all zero.

    Returns:
        a pure number from 0.
    """
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def starts(
    targets: torch.Tensor, hidden_width: int, init_scale: float, seed: int
) -> dict[str, Weights]:
    """A random and an aligned start of the same scale.

    Args:
        targets: Y (features, items).
        hidden_width: of the network; at least the number of items.
        init_scale: standard deviation of the random weights; root of the aligned start's strength.
        seed: of the random start.

    Returns:
        "random" and "aligned" -> W1 (hidden, items), W2 (features, hidden).

    Raises:
        ValueError: the hidden layer is narrower than the number of modes.
    """
    features, items = targets.shape
    return {
        "random": random_weights(items, features, hidden_width, init_scale, seed),
        "aligned": aligned_weights(targets, hidden_width, init_scale),
    }


def error_tables(
    tree: Hierarchy,
    focus: Sequence[str],
    *,
    hidden_width: int,
    init_scale: float,
    learning_rate: float,
    steps: int,
    checkpoint_every: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The closed form's error by cause, from a random and from an aligned start.

    Args:
        tree: the hierarchy.
        focus: items: a source, then its targets, whose curves are kept.
        hidden_width: of the network; at least the number of items.
        init_scale: standard deviation of its weights.
        learning_rate: step size of training.
        steps: of training.
        checkpoint_every: steps between two recorded.
        seed: of the random start.

    Returns:
        errors: initialisation, taken_away (nothing, then one cause more per row; or
        "<cause> alone"; or "first_order"), order, error (norm of the closed form minus the
        influence with those causes taken away, over the norm of the latter; for first_order: of
        the tangent system against the unrolled derivative), correlation (of the two, over times
        and pairs), contribution (norm of what this cause changed, over the norm of the exact
        influence; 0 where it does not apply). And curves: taken_away, step, source, target,
        influence (squared-error units per unit of sample weight; negative: helps): focus pairs from
        the random start.

    Raises:
        ValueError: the hidden layer is narrower than the number of items, or a singular value
            vanishes.
        FloatingPointError: training diverged.
    """
    targets, record = torch.tensor(tree.targets()), recorded_steps(steps, checkpoint_every)
    rows, drawn = [], pd.DataFrame()
    for start, initial in starts(targets, hidden_width, init_scale, seed).items():
        found = decompose_error(initial, targets, record, learning_rate=learning_rate)
        rows += [{"initialisation": start, **row} for row in _rows(found)]
        if start == "random":
            drawn = _curves(tree, focus, found, record)
    return pd.DataFrame(rows), drawn


def _rows(found: Decomposition) -> list[dict[str, object]]:
    """The rows of one training run."""
    ladder, closed = (found.exact, *found.influences), found.influences[-1]
    size = np.linalg.norm(found.exact)
    rows = []
    for order, (cause, rung) in enumerate(zip((NOTHING, *CAUSES), ladder, strict=True)):
        change = np.linalg.norm(rung - ladder[order - 1]) / size if order else 0.0
        rows.append(_row(cause, order, closed, rung, float(change)))
    for cause, influence in found.alone.items():
        change = np.linalg.norm(influence - found.exact) / size
        rows.append(_row(f"{cause} alone", -1, closed, influence, float(change)))
    return [*rows, _row("first_order", -1, found.first_order, found.exact, 0.0)]


def _row(
    name: str, order: int, found: np.ndarray, exact: np.ndarray, contribution: float
) -> dict[str, object]:
    return {
        "taken_away": name,
        "order": order,
        "error": relative_error(found, exact),
        "correlation": float(np.corrcoef(found.ravel(), exact.ravel())[0, 1]),
        "contribution": contribution,
    }


def _curves(
    tree: Hierarchy, focus: Sequence[str], found: Decomposition, record: Sequence[int]
) -> pd.DataFrame:
    """Every rung's curves of the focus source on its targets."""
    source, *targets = focus
    i = tree.items.index(source)
    rows = [
        (cause, step, source, target, float(rung[k, i, tree.items.index(target)]))
        for cause, rung in zip((NOTHING, *CAUSES), (found.exact, *found.influences), strict=True)
        for target in targets
        for k, step in enumerate(record)
    ]
    return pd.DataFrame(rows, columns=["taken_away", "step", "source", "target", "influence"])
