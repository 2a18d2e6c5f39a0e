"""Instantaneous influence, and how strongly localised BIF approaches it (claim X5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from analysis.estimators.bif_gaussian import gaussian_by_checkpoint
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights, gradient


def instantaneous_influence(weights: Weights, targets: Tensor) -> Tensor:
    r"""Minus the inner product of the samples' gradients, $-\nabla\ell_i \cdot \nabla\ell_j$.

    What one small step on source i does to the loss of target j, and the limit of
    gamma x influence as the localisation gamma grows.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        targets: Y (features, items).

    Returns:
        (..., source, target) for weights with the same leading dimensions, squared-error units
        squared per parameter^2. Negative: helps.

    Source: `analysis.theory.gaussian_limit`, step localised.
    """
    n = targets.shape[-1]
    each = n * torch.eye(n, dtype=targets.dtype)  # selects one sample's own gradient
    grads = gradient(Weights(*(w.unsqueeze(-3) for w in weights)), targets, each)
    flat = torch.cat([g.flatten(-2) for g in grads], dim=-1)  # (..., source, parameters)
    return -flat @ flat.mT


def limit_table(run: ToyRun, *, nbeta: float, gammas: Sequence[float], every: int) -> pd.DataFrame:
    r"""How far $\gamma\,influence$ (Gaussian limit) is from $-g_i \cdot g_j$, by localisation.

    Args:
        run: weights and targets of one training.
        nbeta: n x beta, effective number of samples.
        gammas: localisations, 1/parameter^2.
        every: checkpoints between those looked at.

    Returns:
        seed, gamma, step, relative_error (Frobenius norm of the difference over that of
        -g_i . g_j, pairs of different items), sign_agreement (share of pairs of equal sign). Steps
        where the local posterior is not positive definite are left out.
    """
    steps = run.steps[::every]
    values = gaussian_by_checkpoint(run, [(nbeta, gamma) for gamma in gammas], steps)
    exact = instantaneous_influence(run.weights, run.targets).numpy()[::every]
    different = ~np.eye(len(run.items), dtype=bool)
    rows = []
    for gamma, curve in zip(gammas, values, strict=True):
        for step, value, limit in zip(steps, curve, exact, strict=True):
            if not np.isfinite(value).all():
                continue
            scaled, wanted = gamma * value[different], limit[different]
            rows.append(
                {
                    "seed": run.seed, "gamma": gamma, "step": step,
                    "relative_error": np.linalg.norm(scaled - wanted) / np.linalg.norm(wanted),
                    "sign_agreement": (np.sign(scaled) == np.sign(wanted)).mean(),
                }
            )  # fmt: skip
    columns = ["seed", "gamma", "step", "relative_error", "sign_agreement"]
    return pd.DataFrame(rows, columns=columns)
