"""The local posterior's second-order Gaussian limit: influence without sampling."""

from __future__ import annotations

import logging

import numpy as np
import torch
import xarray as xr

from analysis.estimators.base import Estimator, NetworkRun, NotApplicable
from analysis.theory.gaussian_influence import (
    NotPositiveDefiniteError,
    correlation,
    factored_gaussian_influence,
    gaussian_influence,
    lowest_curvature,
)
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights, sample_derivatives

__all__ = [
    "ESTIMATOR", "GaussianLimit", "NotPositiveDefiniteError", "correlation",
    "factored_gaussian_influence", "gaussian_by_checkpoint", "gaussian_influence",
    "lowest_curvature",
]  # fmt: skip

logger = logging.getLogger(__name__)

MOST_PARAMETERS = 8000  # its covariance then takes half a GiB


def gaussian_by_checkpoint(
    run: ToyRun, settings: list[tuple[float, float]], steps: list[int] | None = None
) -> np.ndarray:
    """Gaussian influence at the checkpoints of a toy run for several (nbeta, gamma).

    Args:
        run: weights, targets and steps of one training.
        settings: pairs of n x beta (effective number of samples) and localisation (1/parameter^2).
        steps: training steps of the checkpoints looked at; default: all.

    Returns:
        (settings, checkpoints, source, target), squared-error units squared; negative: helps. NaN
        where the local posterior is not positive definite, with a warning.

    Source: `analysis.theory.gaussian_influence`.
    """
    chosen = [k for k, step in enumerate(run.steps) if steps is None or step in steps]
    n = len(run.items)
    values = np.full((len(settings), len(chosen), n, n), np.nan)
    for position, k in enumerate(chosen):
        network = Weights(run.weights.W1[k], run.weights.W2[k])
        gradients, curvature = sample_derivatives(network, run.targets)
        for row, (nbeta, gamma) in enumerate(settings):
            try:
                values[row, position] = factored_gaussian_influence(
                    gradients, *curvature, nbeta=nbeta, gamma=gamma
                )
            except NotPositiveDefiniteError as error:
                logger.warning("step %d: %s", run.steps[k], error)
    return values


class GaussianLimit(Estimator):
    """BIF where the local posterior is Gaussian: no draws."""

    name, models, needs = "bif_gaussian", "toy", "network"
    says = "The second-order Gaussian limit of BIF at every checkpoint; no sampling noise."
    title, unit = "BIF, Gaussian limit", "loss²"
    settings = ("posterior.nbeta", "posterior.gamma")
    shown_with = "bif"
    rank = 1

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (normalized, step, source, target); NaN where there is no such limit.

        Args:
            run: its checkpoints, and nbeta and gamma of its posterior, count.

        Returns:
            raw (loss squared) and normalised influence; negative: the source helps.

        Raises:
            NotApplicable: the network has more parameters than `MOST_PARAMETERS`.
        """
        toy, local = run.checkpoints, run.posterior
        parameters = sum(w[0].numel() for w in toy.weights)
        if parameters > MOST_PARAMETERS:
            raise NotApplicable(
                f"bif_gaussian inverts a matrix as wide as the {parameters} parameters, more than "
                f"{MOST_PARAMETERS}"
            )
        raw = gaussian_by_checkpoint(toy, [(local.nbeta, local.gamma)])[0]
        scaled = np.stack([correlation(torch.tensor(value)).numpy() for value in raw])
        return self.of_items(np.stack([raw, scaled]), toy, normalized=(False, True))


ESTIMATOR = GaussianLimit()
