"""First-order theory as an estimator: the tangent of gradient descent along a training run."""

from __future__ import annotations

import xarray as xr

from analysis.estimators.base import Estimator, NetworkRun, NotApplicable
from analysis.theory.tangent import first_order_influence


class FirstOrder(Estimator):
    """First-order theory on the training grid, with the shift of the input covariance."""

    name, models, needs = "first_order", "toy", "network"
    says = "First-order theory with the input covariance, on the training grid; exact."
    title, unit = "first order", "loss per weight"
    shown_with = "unrolled"
    rank = 3

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (step, source, target).

        Args:
            run: its initial weights, targets, steps and batches count.

        Returns:
            loss per unit of sample weight; negative: the source helps.

        Raises:
            NotApplicable: it was trained by another optimizer than gradient descent.
        """
        if run.optimizer != "gradient_descent":
            raise NotApplicable(f"first_order is of gradient descent, not {run.optimizer}")
        toy = run.checkpoints
        values = first_order_influence(
            toy.initial, toy.targets, toy.steps,
            learning_rate=toy.learning_rate, batches=run.batches,
        )  # fmt: skip
        return self.of_items(values, toy)


ESTIMATOR = FirstOrder()
