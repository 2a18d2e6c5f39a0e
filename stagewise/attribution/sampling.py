"""Sampling around stacked weights, on a device, within the memory there is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """Weights of some checkpoints, stacked.

    Attributes:
        moved: parameters of the posterior, name -> (checkpoints, *shape).
        held: what is not sampled: other parameters, frozen ones, buffers; likewise.
    """

    moved: dict[str, Tensor]
    held: dict[str, Tensor]

    @property
    def first(self) -> dict[str, Tensor]:
        """All weights of the first checkpoint."""
        return {name: a[0] for name, a in (self.moved | self.held).items()}


def draw(
    loss: Any, weights: Weights, steps: Sequence[int], posterior: PosteriorConfig, **how: Any
) -> Draws:
    """Sample around stacked checkpoints; where memory does not do, with fewer chains at once.

    Args:
        loss: as `sample_posterior` takes it.
        weights: of the checkpoints.
        steps: of the checkpoints, which name their random streams.
        posterior: and how it is sampled.
        **how: further arguments of `sample_posterior`.

    Returns:
        the draws, the same however many chains run at once.

    Raises:
        RuntimeError: one chain does not fit into memory.
    """
    at_once: int | None = None
    while True:
        try:
            return sample_posterior(
                loss, weights.moved, posterior, streams=list(steps), held=weights.held,
                chunk_chains=at_once, **how,
            )  # fmt: skip
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if "memory" not in str(error).lower() or at_once == 1:
                raise
            at_once = max(1, (at_once or posterior.chains * len(steps)) // 2)
            logger.warning("memory does not do: at most %d chains at once", at_once)


def on_device(data: tuple[Any, Tensor], device: str) -> tuple[Any, Tensor]:
    """Inputs and targets on a device, in the same form.

    Args:
        data: of `as_tensors`.
        device: as torch calls it.

    Returns:
        the same samples there.
    """
    inputs, targets = data
    if isinstance(inputs, dict):
        inputs = {name: part.to(device) for name, part in inputs.items()}
    elif isinstance(inputs, tuple):
        inputs = tuple(part.to(device) for part in inputs)
    else:
        inputs = inputs.to(device)
    return inputs, targets.to(device)


def cast(value: Tensor, device: str, dtype: torch.dtype) -> Tensor:
    """A weight as the chains hold it: whole numbers stay what they are."""
    return value.to(device, dtype if value.is_floating_point() else value.dtype)
