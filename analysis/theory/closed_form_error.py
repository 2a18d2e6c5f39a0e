"""Why the closed form differs from the exact influence: one cause after the other taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from analysis.estimators.first_order import first_order_influence
from analysis.estimators.unrolled import unrolled_influence
from analysis.theory.pairs import theory_influence
from models.toy.linear_network import Weights, aligned_weights, initial_mode_strength

# In the order in which they are taken away from training.
CAUSES = ("step size", "alignment", "input covariance", "small start")
REFINED = (2, 4)  # times as many steps, each as much smaller: extrapolated to gradient flow


class Rungs(NamedTuple):
    """Influence (recorded, source, target) with ever fewer causes of error, squared-error units.

    Attributes:
        exact: unrolled derivative of the training as it is.
        influences: after the first cause is taken away, the first two, ...; the last is the
            closed form itself.
        first_order: of the tangent system, to be compared with `exact`.
        alone: cause -> influence with that cause alone taken away, where that is defined.
    """

    exact: np.ndarray
    influences: tuple[np.ndarray, ...]
    first_order: np.ndarray
    alone: dict[str, np.ndarray]


def closed_form_rungs(
    initial: Weights, targets: torch.Tensor, record: Sequence[int], *, learning_rate: float
) -> Rungs:
    r"""The ladder from exact influence down to the closed form, for one training run.

    1. step size: gradient flow in place of steps (Richardson's extrapolation of finer steps);
    2. alignment: a balanced start in the singular basis, of the same mean strength, in place of
       this one (first-order theory by quadrature);
    3. input covariance: $\Sigma_{xx}$ not shifted by the reweighting;
    4. small start: the start turns with the singular basis, as if it had always been the map of
       the data; what is left is the closed form. It vanishes with the initial strength.

    Args:
        initial: unbatched weights; targets: (features, items); record: increasing steps.

    Raises:
        ValueError: the hidden layer is narrower than the number of items, so that no aligned
            start exists.
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
    return Rungs(
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
    """Norm of the difference over the norm of `exact`, all times and pairs."""
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
