"""Closed-form influence of the toy model, from the Frechet derivative of its learnt map."""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis.estimators.base import Estimator, NetworkRun, NotApplicable
from analysis.theory.frechet import reaction
from analysis.theory.modes import mode_strength
from models.toy.linear_network import initial_mode_strength, mode_basis


def closed_form_influence(targets: np.ndarray, times: np.ndarray, initial: float) -> np.ndarray:
    r"""Influence $d\ell_q(t)/dv_p$ from the theory of independent modes, for all pairs.

    The network's map is $W(t) = U f_t(S) V^T$. Weighting sample p up shifts the input-output
    covariance by $M = (1/n) y_p x_p^T$, so dW is the Frechet derivative of a generalised matrix
    function. In the singular basis, A the square part of M and B its rows outside U:
    symmetric part of A times $(f_j - f_k)/(s_j - s_k)$ (change of strengths and rotation),
    antisymmetric part times $(f_j + f_k)/(s_j + s_k)$, B times $f_k/s_k$.
    The shift of the input covariance by the same reweighting is left out; first-order theory
    has it.

    Args:
        targets: Y (features, items) of full column rank.
        times: (times,), learning rate x steps.
        initial: strength G_0 of every mode at time 0.

    Returns:
        (times, source, target), squared-error units per unit of sample weight. Negative: the source
        helps the target.

    Raises:
        ValueError: a singular value vanishes or the initial strength is not positive.

    Source: the paper (arXiv:2510.12071); `analysis.theory.frechet` proves the derivative.
    """
    n = targets.shape[1]
    U, s, V = mode_basis(targets)
    if s[-1] < 1e-12 * s[0] or initial <= 0:
        raise ValueError(f"needs positive modes (lowest {s[-1]:.3g}) and strength ({initial:.3g})")
    times = np.asarray(times, dtype=float)
    f = mode_strength(s, times[:, None], initial, 1 / n)  # (times, modes)
    symmetric, rotation, outside_factor = reaction(s, times, initial, 1 / n)
    residual = np.einsum("ak,tk,ik->tai", U, f, V) - targets  # W(t) - Y: (times, features, items)
    influence = np.empty((len(times), n, n))
    for source in range(n):
        shift = np.outer(targets[:, source], V[source]) / n  # M V
        A = U.T @ shift
        outside = shift - U @ A
        moved = (A + A.T) / 2 * symmetric + (A - A.T) / 2 * rotation
        d_map = U @ moved + outside * outside_factor[:, None, :]  # dW V
        influence[:, source] = np.einsum("tai,tak,ik->ti", residual, d_map, V)
    return influence


class ClosedForm(Estimator):
    """The theory of independent modes."""

    name, models, needs = "closed_form", "toy", "network"
    says = "The derivative of the learnt map by theory of independent modes; no input covariance."
    title, unit = "closed form", "loss per weight"
    rank = 2

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (step, source, target).

        Args:
            run: its initial weights, targets and steps count.

        Returns:
            loss per unit of sample weight; negative: the source helps.

        Raises:
            NotApplicable: it was not trained by plain gradient descent on all items, or the hidden
                layer is narrower than the number of items.
        """
        toy = run.checkpoints
        if not run.full_gradient_descent:
            raise NotApplicable(f"closed_form assumes gradient_descent, not {run.training}")
        if toy.weights.W1.shape[-2] < len(toy.items):
            raise NotApplicable(f"closed_form assumes a hidden unit per item ({len(toy.items)})")
        values = closed_form_influence(
            toy.targets.numpy(),
            np.array(toy.steps) * toy.learning_rate,
            initial_mode_strength(toy.initial, toy.targets),
        )
        return self.of_items(values, toy)


ESTIMATOR = ClosedForm()
