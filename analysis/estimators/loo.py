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
    etas: Sequence[float],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> Tensor:
    r"""Influence by retraining with source i weighted down by eta, every source at once.

    $loo_\eta(i \to j, t) = (\ell_j^{full}(t) - \ell_j^{v_i = 1 - \eta}(t)) / \eta$; eta = 1 removes
    the sample.

    Returns:
        (eta, recorded, source, target), squared-error units. Negative: the source helps.
    """
    n = targets.shape[-1]
    eta = torch.tensor([0.0, *etas], dtype=targets.dtype)
    weights = 1 - eta[:, None, None] * torch.eye(n, dtype=targets.dtype)  # (1 + etas, source, n)
    trained = train(
        initial,
        targets,
        record,
        optimizer=optimizer,
        learning_rate=learning_rate,
        sample_weights=weights,
        batches=batches,
    )
    losses = sample_losses(trained, targets).movedim(0, 1)  # (1 + etas, recorded, source, target)
    return (losses[:1] - losses[1:]) / eta[1:, None, None, None]


class LeaveOneOut(Estimator):
    """Retraining with the source weighted down by every share asked for."""

    name, models, needs = "loo", "toy", "network"
    says = "The effect of training with the source weighted down by eta, per eta; exact."
    title, unit = "leave-one-out", "loss"
    settings = ("removal_fractions",)
    rank = 5

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (eta, step, source, target)."""
        toy = run.checkpoints
        values = leave_one_out(
            toy.initial, toy.targets, toy.steps, run.etas,
            optimizer=run.optimizer, learning_rate=toy.learning_rate, batches=run.batches,
        )  # fmt: skip
        return self.of_items(values, toy, eta=run.etas)


ESTIMATOR = LeaveOneOut()
