"""Leave-one-out: influence by retraining with a sample weighted down or removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import xarray as xr
from torch import Tensor

from analysis.estimators.base import Estimator, NetworkRun
from models.toy.linear_network import Weights, sample_losses
from models.toy.settings import Optimizer
from models.toy.training import train


def leave_one_out(
    initial: Weights,
    targets: Tensor,
    record: Sequence[int],
    removal_fractions: Sequence[float],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> Tensor:
    r"""Influence by retraining with source i weighted down by eta, every source at once.

    $loo_\eta(i \to j, t) = (\ell_j^{full}(t) - \ell_j^{v_i = 1 - \eta}(t)) / \eta$; eta = 1 removes
    the sample.

    Args:
        initial: W1 (hidden, items), W2 (features, hidden) at step 0.
        targets: Y (features, items).
        record: increasing steps to keep.
        removal_fractions: shares eta of the source to remove, in (0, 1].
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        batches: factors on the sample weights (steps, items): the same order of the data with and
            without the source; None: all items at every step.

    Returns:
        (eta, recorded, source, target), squared-error units per unit of sample weight. Negative:
        the source helps.

    Raises:
        FloatingPointError: training diverged; names the step and the learning rate.
        ValueError: there is no such optimizer.

    Source: the paper (arXiv:2510.12071) for eta = 1; smaller shares are ours.
    """
    n = targets.shape[-1]
    fractions = torch.tensor([0.0, *removal_fractions], dtype=targets.dtype)
    one_less = torch.eye(n, dtype=targets.dtype)
    weights = 1 - fractions[:, None, None] * one_less  # (1 + fractions, source, items)
    trained = train(
        initial,
        targets,
        record,
        optimizer=optimizer,
        learning_rate=learning_rate,
        sample_weights=weights,
        batches=batches,
    )
    losses = sample_losses(trained, targets)  # (recorded, 1 + fractions, source, target)
    losses = losses.movedim(0, 1)
    return (losses[:1] - losses[1:]) / fractions[1:, None, None, None]


class LeaveOneOut(Estimator):
    """Retraining with the source weighted down by every share asked for."""

    name, models, needs = "loo", "toy", "network"
    says = "The effect of training with the source weighted down by eta, per eta; exact."
    title, unit = "leave-one-out", "loss"
    settings = ("removal_fractions",)
    rank = 5

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (eta, step, source, target).

        Args:
            run: its initial weights, targets, steps, optimizer, batches and removal fractions
                count.

        Returns:
            loss per unit of sample weight; negative: the source helps.

        Raises:
            FloatingPointError: training diverged.
        """
        toy = run.checkpoints
        values = leave_one_out(
            toy.initial, toy.targets, toy.steps, run.removal_fractions,
            optimizer=run.optimizer, learning_rate=toy.learning_rate, batches=run.batches,
        )  # fmt: skip
        return self.of_items(values, toy, eta=run.removal_fractions)


ESTIMATOR = LeaveOneOut()
