"""The losses of a run's module on data, looked at before anything is sampled."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from analysis.losses.module import ModuleLoss, SampleLoss
from analysis.sampling.settings import PosteriorConfig
from stagewise.attribution.checks import check_finite, check_losses
from stagewise.attribution.data import as_tensors, loss_named
from stagewise.attribution.sampling import StackedWeights, cast, on_device


def losses_of(
    model: nn.Module,
    weights_at: Callable[[Sequence[int], str | Sequence[str] | None], StackedWeights],
    data: Any,
    loss: str | SampleLoss,
    posterior: PosteriorConfig,
    *,
    parameters: str | Sequence[str] | None = None,
    observed: Any = None,
    columns: tuple[str, str] | None = None,
    steps: Sequence[int],
    device: str = "cpu",
) -> tuple[ModuleLoss, int | None]:
    """The losses of the module on data, looked at at every checkpoint before any is sampled.

    Args:
        model: of the run.
        weights_at: (steps, parameters) -> weights there.
        data: as of `Run.sample`, as all that follow.
        loss: its name, or a function.
        posterior: its dtype is that of the chains.
        parameters: those that are sampled.
        observed: data whose losses are kept.
        columns: of a data set.
        steps: checkpoints that are to be sampled, at least one.
        device: to compute on.

    Returns:
        the losses as the sampler takes them, and losses per observed sample, None for one.

    Raises:
        DataError: data or losses are not as `Run.sample` wants them.
        ModelError: the module's losses are not those of weights and samples alone.
        CheckpointError: weights do not fit.
    """
    dtype = getattr(torch, posterior.dtype)
    own = on_device(as_tensors(data, columns), device, dtype)
    kept = None
    if observed is not None:
        kept = on_device(as_tensors(observed, columns), device, dtype)
    own_model = copy.deepcopy(model).to(device=device, dtype=dtype)
    of = ModuleLoss(own_model, *own, loss_named(loss), observed=kept)
    weights = weights_at(steps[:1], parameters)
    first = {name: cast(a, device, dtype) for name, a in weights.first.items()}
    tokens = check_losses(of, first, steps[0])
    for step in steps[1:]:
        there = weights_at([step], parameters).first
        check_finite(of, {name: cast(a, device, dtype) for name, a in there.items()}, step)
    two = [
        {name: first[name].expand(2, *first[name].shape) for name in part}
        for part in (weights.moved, weights.held)
    ]
    of.choose(*two)
    return of, tokens
