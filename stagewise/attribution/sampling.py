"""Sampling around stacked weights, on a device, within the memory there is."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from analysis.sampling.posterior import Draws, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.statistics.jackknife import jackknife_blocks
from stagewise.attribution.data import DataError

TOGETHER = 2**25  # numbers of checkpoints that are in memory at once

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StackedWeights:
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
    loss: Any, weights: StackedWeights, steps: Sequence[int], posterior: PosteriorConfig, **how: Any
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
        DataError: one chain does not fit into memory.
    """
    at_once: int | None = None
    while True:
        try:
            return sample_posterior(
                loss, weights.moved, posterior, streams=list(steps), held=weights.held,
                chunk_chains=at_once, **how,
            )  # fmt: skip
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if "memory" not in str(error).lower():
                raise
            if at_once == 1:
                raise DataError(
                    f"one chain and the traces of {posterior.chains} chains x {posterior.draws} "
                    f"draws at {len(steps)} checkpoints do not fit into memory: observe fewer "
                    "samples, or lower draws or chains"
                ) from error
            at_once = max(1, (at_once or posterior.chains * len(steps)) // 2)
            logger.warning("memory does not do: at most %d chains at once", at_once)


def in_groups(steps: Sequence[int], model: nn.Module) -> list[list[int]]:
    """Checkpoints that are in memory together.

    Args:
        steps: of the checkpoints.
        model: whose parameters and buffers each holds.

    Returns:
        the same steps in groups, in their order.
    """
    each = sum(a.numel() for a in model.state_dict().values())
    size = max(1, TOGETHER // max(each, 1))
    return [list(steps[start : start + size]) for start in range(0, len(steps), size)]


def check_draws(posterior: PosteriorConfig) -> None:
    """Are there draws enough for a standard error?

    Args:
        posterior: its chains and draws count.

    Raises:
        ValueError: too few; says how many there must be.
    """
    jackknife_blocks(np.empty((posterior.chains, posterior.draws, 1)))


def on_device(
    data: tuple[Any, Tensor], device: str, dtype: torch.dtype = torch.float32
) -> tuple[Any, Tensor]:
    """Inputs and targets on a device, in the same form; numbers with a point in one precision.

    Args:
        data: of `as_tensors`.
        device: as torch calls it.
        dtype: of what is no whole number.

    Returns:
        the same samples there.
    """
    inputs, targets = data
    if isinstance(inputs, dict):
        inputs = {name: cast(part, device, dtype) for name, part in inputs.items()}
    elif isinstance(inputs, tuple):
        inputs = tuple(cast(part, device, dtype) for part in inputs)
    else:
        inputs = cast(inputs, device, dtype)
    return inputs, cast(targets, device, dtype)


def cast(value: Tensor, device: str, dtype: torch.dtype) -> Tensor:
    """A tensor as the chains hold it: whole numbers stay what they are."""
    return value.to(device, dtype if value.is_floating_point() else value.dtype)
