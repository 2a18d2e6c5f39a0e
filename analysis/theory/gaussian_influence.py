"""Influence where the local posterior is Gaussian, from gradients and Hessians: no draws.

The formula is proved in `analysis.theory.gaussian_limit`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import hessian, jacrev


class NotPositiveDefiniteError(ValueError):
    """The local posterior has no Gaussian limit: its checkpoint is a saddle, too weakly
    localised."""


def gaussian_influence(
    gradients: Tensor, hessians: Tensor, *, nbeta: float, gamma: float, normalized: bool = False
) -> Tensor:
    r"""Influence under the Gaussian limit of the local posterior.

    With $\Sigma = (n\beta H + \gamma I)^{-1}$, H the mean of the per-sample Hessians:
    $Cov(\ell_i, \ell_j) \approx g_i^T \Sigma g_j + \tfrac12 tr(H_i \Sigma H_j \Sigma)$, the shift
    of the mean ignored. The first term is the damped classical influence function, gamma its
    damping. Exact for quadratic losses where the mean is w*.

    Args:
        gradients: of the losses at w*, (samples, parameters).
        hessians: of the losses at w*, (samples, parameters, parameters).
        nbeta: n x beta, effective number of samples.
        gamma: localisation, 1/parameter^2.
        normalized: correlations instead of covariances.

    Returns:
        (source, target), loss units squared, or in [-1, 1] if normalised. Negative: the source
        helps the target.

    Raises:
        NotPositiveDefiniteError: names the lowest eigenvalue and the gamma that would do.

    Source: Kreer et al. 2025 (arXiv:2509.26544); `analysis.theory.gaussian_limit` proves it.

    Example:
        >>> g, H = torch.eye(2), torch.zeros(2, 2, 2)
        >>> gaussian_influence(g, H, nbeta=10.0, gamma=4.0).tolist()
        [[-0.25, -0.0], [-0.0, -0.25]]
    """
    factor = _factor(nbeta * hessians.mean(0), gamma)
    sigma = torch.cholesky_inverse(factor)
    products = hessians @ sigma  # H_i Sigma
    traces = products.flatten(1) @ products.mT.flatten(1).T  # tr(H_i Sigma H_j Sigma)
    influence = -(gradients @ sigma @ gradients.T + 0.5 * traces)
    return correlation(influence) if normalized else influence


def factored_gaussian_influence(
    gradients: Tensor, bases: Tensor, core: Tensor, *, nbeta: float, gamma: float
) -> Tensor:
    """`gaussian_influence`, not normalised, for Hessians of low rank,
    H_i = bases[i] @ core @ bases[i].T.

    The traces need only products of the bases, so that the cost falls by about parameters/rank.

    Args:
        gradients: of the losses at w*, (samples, parameters).
        bases: (samples, parameters, rank), as `models.toy.linear_network.sample_derivatives` gives.
        core: (rank, rank), the same for all samples.
        nbeta: n x beta, effective number of samples.
        gamma: localisation, 1/parameter^2.

    Returns:
        (source, target), loss units squared; negative: the source helps the target.

    Raises:
        NotPositiveDefiniteError: names the lowest eigenvalue and the gamma that would do.
    """
    n, size, rank = bases.shape
    side = bases.movedim(0, 1).reshape(size, n * rank)  # all bases side by side
    weighted = (bases @ core).movedim(0, 1).reshape(size, n * rank)
    factor = _factor((nbeta / n) * (weighted @ side.T), gamma)
    half = torch.linalg.solve_triangular(factor, torch.cat([side, gradients.T], 1), upper=False)
    half, tall = half[:, : n * rank], half[:, n * rank :]
    blocks = (half.T @ half).view(n, rank, n, rank).movedim(2, 1)  # bases_i^T Sigma bases_j
    left = core @ blocks  # (n, n, rank, rank): core B_ij, whose trace is with core B_ji
    traces = (left * left.movedim(1, 0).mT).sum((-2, -1))
    return -(tall.T @ tall + 0.5 * traces)


def _factor(curvature: Tensor, gamma: float) -> Tensor:
    """Cholesky factor of nbeta H + gamma I; `curvature` is nbeta H, changed in place."""
    curvature.diagonal().add_(gamma)
    factor, failed = torch.linalg.cholesky_ex(curvature)
    if failed:
        lowest = float(torch.linalg.eigvalsh(curvature)[0])
        raise NotPositiveDefiniteError(
            f"nbeta H + gamma I has eigenvalue {lowest:.4g} at gamma {gamma:g}: "
            f"gamma must exceed {gamma - lowest:.4g}"
        )
    return factor


def correlation(influence: Tensor) -> Tensor:
    """Influence normalised by the influences of samples on themselves: -Cov to -Corr.

    Args:
        influence: -Cov (source, target), loss units squared, negative on the diagonal.

    Returns:
        -Corr (source, target), from -1 to 1; negative: the source helps. NaN where a sample has no
        variance.
    """
    scale = (-influence.diagonal()).sqrt()
    return influence / (scale[:, None] * scale[None, :])


def derivatives(losses: Callable[[Tensor], Tensor], weights: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients and Hessians of any losses, by automatic differentiation.

    Args:
        losses: flat weights (parameters,) -> losses (samples,).
        weights: where, (parameters,).

    Returns:
        gradients (samples, parameters), loss units per parameter; Hessians (samples, parameters,
        parameters).
    """
    return jacrev(losses)(weights), hessian(losses)(weights)


def lowest_curvature(hessians: Tensor) -> float:
    """Lowest eigenvalue of the Hessian of the mean loss; below -gamma/nbeta the local posterior
    runs away from its checkpoint.

    Args:
        hessians: of the samples' losses, (samples, parameters, parameters).

    Returns:
        in loss units per parameter^2; negative on a saddle.
    """
    return float(torch.linalg.eigvalsh(hessians.mean(0))[0])
