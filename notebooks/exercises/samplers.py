"""Three samplers of one posterior, of 03_sampling_a_posterior; two are broken: find out which
without reading on."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from analysis.sampling.posterior import Draws

NAMES = ("birch", "hazel", "willow")
NBETA, GAMMA = 30.0, 1.0
INPUTS = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-0.5, 1.0]], dtype=torch.float64)
ANSWERS = torch.tensor([1.0, -0.5, 0.8], dtype=torch.float64)
CENTRE = torch.linalg.lstsq(INPUTS, ANSWERS[:, None]).solution[:, 0]  # least mean loss: w*

CHAINS, KEPT, BURN_IN = 32, 4000, 200
RELATIVE_STEP = 0.1  # step size × largest curvature


def losses(weights: Tensor) -> Tensor:
    """Losses of the three samples, (..., 3), of weights (..., 2)."""
    return 0.5 * (weights @ INPUTS.T - ANSWERS) ** 2


@cache
def draw(name: str, seed: int = 0) -> Draws:
    """Draws of a sampler, as `sample_posterior` returns them, for one checkpoint.

    Raises:
        ValueError: there is no such sampler.
    """
    if name not in NAMES:
        raise ValueError(f"sampler {name!r}: choose one of {', '.join(NAMES)}")
    generator = torch.Generator().manual_seed(seed)
    curvature = NBETA * INPUTS.T @ INPUTS / len(INPUTS) + GAMMA * torch.eye(2, dtype=torch.float64)
    step = RELATIVE_STEP / torch.linalg.eigvalsh(curvature)[-1]
    spread = step**0.5
    away = torch.randn(CHAINS, 2, generator=generator, dtype=torch.float64)
    w = CENTRE + 0 * away
    if name == "hazel":
        w = CENTRE + away @ torch.linalg.cholesky(torch.linalg.inv(curvature)).T
        step, spread = step / 1000, (step / 1000) ** 0.5
    if name == "willow":
        spread = (2 * step) ** 0.5  # the noise of a drift of a whole step; this one is of half
    kept, moved = [], []
    for k in range(BURN_IN + KEPT):
        noise = torch.randn(CHAINS, 2, generator=generator, dtype=torch.float64)
        w = w - step / 2 * (w - CENTRE) @ curvature + spread * noise
        if k >= BURN_IN:
            kept.append(losses(w))
            moved.append((w - CENTRE).square().sum(-1))
    return Draws(
        losses=torch.stack(kept, 1)[None].float(),
        distance=torch.stack(moved, 1)[None].float(),
        diverged=torch.zeros(1, CHAINS, dtype=torch.bool),
        checkpoint_losses=losses(CENTRE)[None].float(),
        n_parameters=2,
    )
