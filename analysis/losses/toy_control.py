r"""The toy's losses along the path that chains would take in flat losses: a control variate.

Along that path every parameter is an independent Gaussian around the checkpoint. The network is
bilinear, so that the covariance of its losses there is a polynomial in the variance, known exactly.
The chains' own losses differ from these by what the losses do to the chains, which is little where
the localisation binds: what the free path sampled is subtracted, what it has exactly is added.
"""

from __future__ import annotations

import torch
from torch import Tensor

from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.sgld import Control, Parameters, PathControl


def control_of(loss: LinearNetworkLoss, checkpoints: Parameters) -> Control:
    """Losses of all items along the free path, as a control for the sampler.

    Args:
        loss: of the network.
        checkpoints: W1 (checkpoints, hidden, items), W2 (checkpoints, features, hidden).

    Returns:
        for chains around given checkpoints, paths (chains, draws, parameters) -> controls (chains,
        draws, items), squared error / 2.
    """

    def around(chosen: Tensor) -> PathControl:
        # Paths are in single precision whatever the chains are in.
        centres = {name: w.float()[chosen.to(w.device), None] for name, w in checkpoints.items()}
        sizes = [w[0].numel() for w in checkpoints.values()]

        def control(paths: Tensor) -> Tensor:
            shifts = paths.split(sizes, -1)
            moved = {
                name: (shift.unflatten(-1, w.shape[2:]) + w.to(shift.device)).flatten(0, 1)
                for (name, w), shift in zip(centres.items(), shifts, strict=True)
            }
            return loss(moved, None).unflatten(0, paths.shape[:2])

        return control

    return around


def free_covariance(W1: Tensor, W2: Tensor, targets: Tensor, variance: float) -> Tensor:
    r"""Covariance of the items' losses where every weight is Gaussian around its own value.

    Given the second layer, items are independent, and the mean loss of each is a sum over features
    f of quadratic functions of that feature's row $a_f$: with $b_i$ column i of W1 and s the
    variance, gradient $g_{fi} = (b_i b_i^T + s) a_f - y_{fi} b_i$ and Hessian $b_i b_i^T + s$. Two
    items share $\sum_f s\, g_{fi} \cdot g_{fj} + \tfrac{s^2}{2} tr(H_i H_j)$. One item has beside
    it the mean over the second layer of its variance given that layer, a moment of fourth order.

    Args:
        W1: (hidden, items), around which weights vary.
        W2: (features, hidden), likewise.
        targets: (features, items).
        variance: of every weight, parameter^2.

    Returns:
        +Cov (items, items), squared-error units squared, in double precision.

    Source: ours; moments of Gaussian matrices by Isserlis' theorem.
    """
    a, b, y, s = W2.double(), W1.double(), targets.double(), variance
    features, hidden = a.shape
    inner = b.T @ b  # (items, items)
    error = a @ b - y  # (features, items)
    # g_fi = b_i error_fi + s a_f, and products of these summed over features.
    crossed = (a @ b * error).sum(0)  # a_f . b_i error_fi, (items,)
    shared = s * (
        inner * (error.T @ error) + s * (crossed[:, None] + crossed) + s**2 * a.square().sum()
    )
    squares = inner.diagonal()
    trace = inner.square() + s * (squares[:, None] + squares) + s**2 * hidden
    shared = shared + features * s**2 / 2 * trace
    return shared + torch.diag(_own_variance(a, b, y, s))


def _own_variance(a: Tensor, b: Tensor, y: Tensor, s: float) -> Tensor:
    """Mean over A ~ (a, s) of the variance of every item's loss given A, which is
    s |c|^2 + s^2/2 tr((A'A)^2) with c = A' (A b - y): (items,)."""
    F, H = a.shape
    gram, total, norms = a.T @ a, a.square().sum(), b.square().sum(0)
    pulled = a.T @ y  # (hidden, items)
    fourth = (gram @ b).square().sum(0)  # b' (A'A)^2 b, then its terms in s and s^2
    fourth = fourth + s * ((2 * F + H + 2) * (a @ b).square().sum(0) + total * norms)
    fourth = fourth + s**2 * F * (F + H + 1) * norms
    third = (pulled * (gram @ b)).sum(0) + s * (F + H + 1) * (pulled * b).sum(0)  # y' A A'A b
    second = pulled.square().sum(0) + s * H * y.square().sum(0)  # |A' y|^2
    trace = gram.square().sum() + 2 * s * (F + H + 1) * total + s**2 * F * H * (F + H + 1)
    return s * (fourth - 2 * third + second) + s**2 / 2 * trace
