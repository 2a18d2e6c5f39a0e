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
    """The two layers of a network, or of a stack of networks with the same leading dimensions.

    Attributes:
        W1: (..., hidden, items).
        W2: (..., features, hidden).
    """

    W1: Tensor
    W2: Tensor


def residuals(weights: Weights, targets: Tensor) -> Tensor:
    """What the map W2 W1 gives beyond the targets.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        targets: Y (features, items).

    Returns:
        W2 W1 - Y, (..., features, items), in the unit of the targets.
    """
    return weights.W2 @ weights.W1 - targets


def sample_losses(weights: Weights, targets: Tensor) -> Tensor:
    """Loss of every item, |y_i - W2 W1 x_i|^2 / 2.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        targets: Y (features, items).

    Returns:
        (..., items), squared-error units.
    """
    return 0.5 * residuals(weights, targets).square().sum(-2)


def gradient(weights: Weights, targets: Tensor, sample_weights: Tensor) -> Weights:
    """Gradient of the training loss (1/n) sum_i v_i l_i.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        targets: Y (features, items).
        sample_weights: v, shape (..., items); ones for ordinary training. n stays the number of
            items whatever v is, so that v_i = 0 leaves the pull of the other items unchanged.

    Returns:
        by W1 and W2, in their shapes with the leading dimensions of v, squared-error units per
        parameter.
    """
    error = residuals(weights, targets) * sample_weights.unsqueeze(-2) / targets.shape[-1]
    return Weights(weights.W2.mT @ error, error @ weights.W1.mT)


def directional(weights: Weights, tangent: Weights, targets: Tensor) -> Tensor:
    r"""Change of every loss along each source's tangent.

    $d\ell_j = (W_2 W_1 x_j - y_j)^T (dW_2\,W_1 + W_2\,dW_1) x_j$.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        tangent: dW1 (..., source, hidden, items) and dW2 (..., source, features, hidden); `weights`
            broadcast against it.
        targets: Y (features, items).

    Returns:
        (..., source, target), squared-error units per unit of the tangent; negative: the loss
        falls.
    """
    error = weights.W2 @ weights.W1 - targets
    moved = tangent.W2 @ weights.W1 + weights.W2 @ tangent.W1
    return (error * moved).sum(-2)


def random_weights(
    n_items: int, n_features: int, hidden_width: int, init_scale: float, seed: int
) -> Weights:
    """Independent normal weights of mean zero.

    Args:
        n_items: inputs.
        n_features: outputs.
        hidden_width: of the network.
        init_scale: standard deviation of the weights.
        seed: of all random numbers.

    Returns:
        W1 (hidden, items), W2 (features, hidden), float64.
    """
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

    Args:
        targets: Y (features, items).
        hidden_width: at least the number of modes, the lesser of features and items.
        init_scale: of every weight along the modes.

    Returns:
        W1 (hidden, items), W2 (features, hidden), in the precision of the targets.

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

    Args:
        initial: W1 (hidden, items), W2 (features, hidden) of one network at step 0.
        targets: Y (features, items).

    Returns:
        in the unit of the map W2 W1, from 0.
    """
    U, _, Vt = torch.linalg.svd(targets, full_matrices=False)
    growing = (initial.W1 @ Vt.T + initial.W2.T @ U) / 2  # (hidden, modes)
    return float(growing.square().sum(0).mean())


def mode_basis(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular basis of the input-output covariance (1/n) sum_i y_i x_i^T.

    Args:
        targets: Y (features, items); n is the number of items.

    Returns:
        U (features, modes), s (modes,) in decreasing order, V (items, modes).
    """
    U, s, Vt = np.linalg.svd(targets / targets.shape[1], full_matrices=False)
    return U, s, Vt.T


class Curvature(NamedTuple):
    """Hessians in factors: that of item i is bases[i] @ core @ bases[i].T.

    Attributes:
        bases: (items, parameters, rank), rank = features + 2 hidden.
        core: (rank, rank), the same for all items.
    """

    bases: Tensor
    core: Tensor


def sample_derivatives(weights: Weights, targets: Tensor) -> tuple[Tensor, Curvature]:
    r"""Gradients and Hessians of every item's loss at one network, in closed form.

    With c = W1 x_i and e = W2 c - y_i the gradient is $W_2^T e$ by column i of W1 and $e c^T$ by
    W2. The Hessian is $J^T J$, J the outputs' derivative, plus the mixed derivative
    $\partial_{c_a} \partial_{W_{2,fb}} = e_f \delta_{ab}$: rank features + 2 hidden, where there
    are hidden x (items + features) parameters.

    Args:
        weights: W1 (hidden, items), W2 (features, hidden) of one network.
        targets: Y (features, items).

    Returns:
        gradients (items, parameters), squared-error units per parameter, and the Hessians' factors;
        parameters in the order of W1 then W2, each flattened.
    """
    (hidden, n), features = weights.W1.shape, weights.W2.shape[0]
    split = hidden * n
    rank, size = features + 2 * hidden, split + features * hidden
    error = residuals(weights, targets)
    gradients, bases = error.new_zeros(n, size), error.new_zeros(n, size, rank)
    unit, outputs = torch.arange(hidden), torch.arange(features)
    for i in range(n):
        c, e = weights.W1[:, i], error[:, i]
        column = slice(i, split, n)  # W1[:, i] among the parameters
        gradients[i, column] = weights.W2.T @ e
        gradients[i, split:] = torch.outer(e, c).flatten()
        bases[i, column, :features] = weights.W2.T
        bases[i, column, features : features + hidden] = torch.eye(hidden, dtype=e.dtype)
        by_second = bases[i, split:].view(features, hidden, rank)
        by_second[outputs, :, outputs] = c
        by_second[:, unit, features + hidden + unit] = e[:, None]
    core = torch.zeros(rank, rank, dtype=error.dtype)
    core[outputs, outputs] = 1
    core[features + unit, features + hidden + unit] = 1
    core[features + hidden + unit, features + unit] = 1
    return gradients, Curvature(bases, core)
