"""What a module must be for its losses to be sampled, checked before sampling starts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from analysis.losses.module import ModuleLoss, chosen
from stagewise.attribution.data import DataError

TOLERANCE = 1e-4  # relative; a loss alone and among others differ by rounding only


class ModelError(ValueError):
    """The module cannot be sampled as it is; the message says why and what to do."""


def check_module(model: nn.Module) -> None:
    """Does the module keep still in evaluation?

    Args:
        model: after `eval()`.

    Raises:
        ModelError: a part of it stays in training mode, or normalises by its batch.
    """
    training = [name or type(m).__name__ for name, m in model.named_modules() if m.training]
    if training:
        raise ModelError(
            f"{training[0]} stays in training mode after model.eval(): dropout and batch "
            "normalisation would change the losses between draws"
        )
    for name, module in model.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is None:
            raise ModelError(
                f"{name} normalises by the batch it sees (track_running_stats=False), so that a "
                "sample's loss depends on the others: keep running statistics, or use layer or "
                "group normalisation"
            )


def check_losses(loss: ModuleLoss, parameters: Mapping[str, Tensor], step: int) -> int | None:
    """Are the losses one per sample, finite, and the same each time and in any company?

    Args:
        loss: of the module on its data.
        parameters: of one checkpoint, with what is held.
        step: of it, for messages.

    Returns:
        tokens per observed sample; None where a sample has one loss.

    Raises:
        DataError: a loss is a mean over samples, or not finite.
        ModelError: the forward pass draws random numbers, or a sample's loss depends on others.
    """
    inputs, targets = loss.kept
    with torch.no_grad():
        whole = loss.losses(loss.model, parameters, inputs, targets)
        if not isinstance(whole, Tensor) or not whole.ndim or len(whole) != len(targets):
            shape = tuple(whole.shape) if isinstance(whole, Tensor) else type(whole).__name__
            raise DataError(
                f"the loss has shape {shape} for {len(targets)} samples: give one value per sample "
                "(reduction='none'), or per token (samples, tokens)"
            )
        if not bool(whole.isfinite().all()):
            first = int((~whole.isfinite().flatten(1 if whole.ndim > 1 else 0)).nonzero()[0][0])
            raise DataError(f"step {step}: the loss of sample {first} is NaN or infinite")
        again = loss.losses(loss.model, parameters, inputs, targets)
        if not torch.equal(whole, again):
            raise ModelError(
                "two forward passes of the same samples differ: the model draws random numbers in "
                "evaluation; influence needs a loss that depends on weights and data alone"
            )
        few = -(-len(targets) // 2)
        alone = loss.losses(loss.model, parameters, chosen(inputs, slice(few)), targets[:few])
        size = whole.abs().max()
        if bool(
            ((alone - whole[:few]).abs() > TOLERANCE * (whole[:few].abs() + 1e-2 * size)).any()
        ):
            raise ModelError(
                "a sample's loss changes with the samples beside it (is it divided by their "
                "number, or normalised over the batch?): one value per sample is needed"
            )
    return None if whole.ndim == 1 else whole[0].numel()
