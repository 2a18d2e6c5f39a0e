"""The two-layer linear network on one-hot inputs: output of item k is column k of W2 @ W1.

Every function broadcasts over leading dimensions, so that a thousand networks (reweighted copies,
chains) train or sample as one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class Weights(NamedTuple):
    """W1 (..., hidden, items) and W2 (..., features, hidden)."""

    W1: Tensor
    W2: Tensor


def residuals(weights: Weights, targets: Tensor) -> Tensor:
    """W2 W1 - Y, shape (..., features, items)."""
    return weights.W2 @ weights.W1 - targets


def sample_losses(weights: Weights, targets: Tensor) -> Tensor:
    """Loss of every item, |y_i - W2 W1 x_i|^2 / 2, shape (..., items), squared-error units."""
    return 0.5 * residuals(weights, targets).square().sum(-2)


def gradient(weights: Weights, targets: Tensor, sample_weights: Tensor) -> Weights:
    """Gradient of the training loss (1/n) sum_i v_i l_i.

    Args:
        sample_weights: v, shape (..., items); ones for ordinary training. n stays the number of
            items whatever v is, so that v_i = 0 leaves the pull of the other items unchanged.
    """
    error = residuals(weights, targets) * sample_weights.unsqueeze(-2) / targets.shape[-1]
    return Weights(weights.W2.mT @ error, error @ weights.W1.mT)


def random_weights(
    n_items: int, n_features: int, hidden_width: int, init_scale: float, seed: int
) -> Weights:
    """Independent normal entries of standard deviation `init_scale`, float64."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((hidden_width, n_items), (n_features, hidden_width))
    return Weights(
        *(
            init_scale * torch.randn(shape, generator=generator, dtype=torch.float64)
            for shape in shapes
        )
    )


def aligned_weights(targets: Tensor, hidden_width: int, init_scale: float) -> Weights:
    """Balanced initialisation in the singular basis: W2 W1 = U (init_scale^2 I) V^T.

    Here the theory of independent modes holds exactly (gradient flow), mode strength
    G_k(0) = init_scale^2.

    Raises:
        ValueError: the hidden layer is narrower than the number of modes.
    """
    U, s, Vt = torch.linalg.svd(targets, full_matrices=False)
    if hidden_width < len(s):
        raise ValueError(f"hidden_width {hidden_width} is below the number of modes, {len(s)}")
    basis = torch.eye(hidden_width, len(s), dtype=targets.dtype)
    return Weights(init_scale * basis @ Vt, init_scale * U @ basis.T)


def initial_mode_strength(initial: Weights, targets: Tensor) -> float:
    """Effective initial strength g0 of the modes of a small initialisation, mean over modes.

    While W2 W1 is small, mode k grows through (W1 v_k + W2^T u_k) / 2, the balanced part of the
    two layers; the rest decays. Hence g0_k = |W1 v_k + W2^T u_k|^2 / 4.
    """
    U, _, Vt = torch.linalg.svd(targets, full_matrices=False)
    growing = (initial.W1 @ Vt.T + initial.W2.T @ U) / 2  # (hidden, modes)
    return float(growing.square().sum(0).mean())


def mode_basis(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular basis of the input-output covariance (1/n) sum_i y_i x_i^T.

    Returns:
        U (features, modes), s (modes,) in decreasing order, V (items, modes).
    """
    U, s, Vt = np.linalg.svd(targets / targets.shape[1], full_matrices=False)
    return U, s, Vt.T


def sample_derivatives(weights: Weights, targets: Tensor) -> tuple[Tensor, Tensor]:
    r"""Gradients and Hessians of every item's loss at one network, in closed form.

    With c = W1 x_i and e = W2 c - y_i: $\partial_c = W_2^T e$, $\partial_{W_2} = e c^T$,
    $\partial_c^2 = W_2^T W_2$, $\partial_{W_2}^2 = 1 \otimes c c^T$ and
    $\partial_c \partial_{W_2} = W_2 c + e\,1$; other columns of W1 do not enter.

    Args:
        weights: of one network.

    Returns:
        (items, parameters) and (items, parameters, parameters); parameters in the order of W1
        then W2, each flattened.
    """
    (hidden, n), features = weights.W1.shape, weights.W2.shape[0]
    split = hidden * n
    size, dtype = split + features * hidden, weights.W1.dtype
    error = residuals(weights, targets)
    identity = torch.eye(hidden, dtype=dtype)
    gradients = torch.zeros(n, size, dtype=dtype)
    hessians = torch.zeros(n, size, size, dtype=dtype)
    for i in range(n):
        c, e = weights.W1[:, i], error[:, i]
        column = slice(i, split, n)  # W1[:, i] among the parameters
        gradients[i, column] = weights.W2.T @ e
        gradients[i, split:] = torch.outer(e, c).flatten()
        mixed = torch.einsum("fa,b->afb", weights.W2, c) + torch.einsum("f,ab->afb", e, identity)
        hessians[i, column, column] = weights.W2.T @ weights.W2
        hessians[i, column, split:] = mixed.flatten(1)
        hessians[i, split:, column] = mixed.flatten(1).T
        hessians[i, split:, split:] = torch.block_diag(*[torch.outer(c, c)] * features)
    return gradients, hessians
