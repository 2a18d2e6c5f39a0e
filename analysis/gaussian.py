"""The local posterior's second-order Gaussian limit: influence without sampling."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import hessian, jacrev


class NotPositiveDefiniteError(ValueError):
    """The local posterior has no Gaussian limit: its anchor is a saddle too weakly localised."""


def gaussian_influence(
    gradients: Tensor, hessians: Tensor, *, nbeta: float, gamma: float, normalized: bool = False
) -> Tensor:
    r"""Influence under the Gaussian limit of the local posterior.

    With $\Sigma = (n\beta H + \gamma I)^{-1}$, H the mean of the per-sample Hessians:
    $Cov(\ell_i, \ell_j) \approx g_i^T \Sigma g_j + \tfrac12 tr(H_i \Sigma H_j \Sigma)$, the shift
    of the mean ignored. The first term is the damped classical influence function, gamma its
    damping. Exact for quadratic losses where the mean is w*.

    Args:
        gradients: (samples, parameters); hessians: (samples, parameters, parameters); at w*.

    Returns:
        (source, target), loss units squared, or in [-1, 1] if normalised. Negative: helps.

    Raises:
        NotPositiveDefiniteError: names the lowest eigenvalue and the gamma that would do.
    """
    precision = nbeta * hessians.mean(0)
    precision.diagonal().add_(gamma)
    factor, failed = torch.linalg.cholesky_ex(precision)
    if failed:
        lowest = float(torch.linalg.eigvalsh(precision)[0])
        raise NotPositiveDefiniteError(
            f"nbeta H + gamma I has eigenvalue {lowest:.4g} at gamma {gamma:g}: "
            f"gamma must exceed {gamma - lowest:.4g}"
        )
    sigma = torch.cholesky_inverse(factor)
    products = hessians @ sigma  # H_i Sigma
    traces = products.flatten(1) @ products.mT.flatten(1).T  # tr(H_i Sigma H_j Sigma)
    covariance = gradients @ sigma @ gradients.T + 0.5 * traces
    if normalized:
        scale = covariance.diagonal().sqrt()
        covariance = covariance / (scale[:, None] * scale[None, :])
    return -covariance


def derivatives(losses: Callable[[Tensor], Tensor], weights: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients (samples, parameters) and Hessians (samples, parameters, parameters) of `losses`,
    a function of the flat weights (parameters,), by automatic differentiation."""
    return jacrev(losses)(weights), hessian(losses)(weights)


def lowest_curvature(hessians: Tensor) -> float:
    """Lowest eigenvalue of the Hessian of the mean loss; below -gamma/nbeta the local posterior
    runs away from its anchor."""
    return float(torch.linalg.eigvalsh(hessians.mean(0))[0])
