"""What a module must be for its losses to be sampled, checked before sampling starts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import UninitializedParameter

from analysis.losses.module import Inputs, ModuleLoss, chosen
from stagewise.attribution.data import DataError
from stagewise.attribution.sampling import on_device


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


def built(build_model: Callable[[], nn.Module]) -> nn.Module:
    """The module that a reader's function builds.

    Args:
        build_model: without arguments.

    Returns:
        the module.

    Raises:
        ModelError: it is a module itself, gives none, or parameters have no shape yet.
    """
    if isinstance(build_model, nn.Module):
        raise ModelError("build_model is a module: give a function that builds it, lambda: ...")
    model = build_model()
    if not isinstance(model, nn.Module):
        raise ModelError(f"build_model() gives a {type(model).__name__}, not a module")
    lazy = [name for name, p in model.named_parameters() if isinstance(p, UninitializedParameter)]
    if lazy:
        raise ModelError(f"{lazy[0]} has no shape yet: run the model once in build_model")
    return model


def check_losses(loss: ModuleLoss, parameters: Mapping[str, Tensor], step: int) -> int | None:
    """Are the losses one per sample, finite, and the same each time and in any company?

    Args:
        loss: of the module on its data.
        parameters: of one checkpoint, with what is held.
        step: of it, for messages.

    Returns:
        losses per observed sample; None where a sample has one.

    Raises:
        DataError: the module or the loss cannot take the data, a loss is a mean over samples, or
            not finite.
        ModelError: the forward pass draws random numbers, or a sample's loss depends on others.
    """
    _check_images(loss)
    tokens = None
    for inputs, targets in loss.all_data:
        whole = losses_at(loss, parameters, inputs, targets)
        if not whole.ndim or len(whole) != len(targets):
            raise DataError(
                f"the loss has shape {tuple(whole.shape)} for {len(targets)} samples: give one "
                "value per sample (reduction='none'), or per token (samples, tokens)"
            )
        _check_finite(whole, step)
        if not torch.equal(whole, losses_at(loss, parameters, inputs, targets)):
            raise ModelError(
                "two forward passes of the same samples differ: the model draws random numbers in "
                "evaluation; influence needs a loss that depends on weights and data alone"
            )
        _check_alone(loss, parameters, inputs, targets)
        tokens = None if whole.ndim == 1 else whole[0].numel()
    return tokens


def check_finite(loss: ModuleLoss, parameters: Mapping[str, Tensor], step: int) -> None:
    """Are the losses at a checkpoint finite?

    Args:
        loss: of the module on its data.
        parameters: of the checkpoint, with what is held.
        step: of it, for messages.

    Raises:
        DataError: one is not; names the sample.
    """
    for inputs, targets in loss.all_data:
        _check_finite(losses_at(loss, parameters, inputs, targets), step)


def losses_at(
    loss: ModuleLoss, parameters: Mapping[str, Tensor], inputs: Inputs, targets: Tensor
) -> Tensor:
    """Losses of samples, whatever goes wrong told as a fault of data, module or loss.

    Args:
        loss: of the module.
        parameters: of a checkpoint, with what is held.
        inputs: of the samples.
        targets: of the samples.

    Returns:
        what the loss gives.

    Raises:
        DataError: the module or the loss fails on them, or gives no tensor.
    """
    try:
        with torch.no_grad():
            found = loss.losses(loss.model, parameters, inputs, targets)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        raise DataError(f"the model or the loss fails on these samples: {error}") from error
    if not isinstance(found, Tensor):
        raise DataError(f"the loss gives a {type(found).__name__}, not a tensor")
    return found


def _check_images(loss: ModuleLoss) -> None:
    """Bytes are no input of any layer: say what to do."""
    inputs, _ = loss.data
    parts = (
        [inputs]
        if isinstance(inputs, Tensor)
        else list(inputs.values() if isinstance(inputs, dict) else inputs)
    )
    if any(part.dtype == torch.uint8 for part in parts):
        raise DataError("inputs are uint8: convert them, as images.float() / 255")


def _check_finite(losses: Tensor, step: int) -> None:
    wrong = ~losses.reshape(len(losses), -1).isfinite().all(1)
    if bool(wrong.any()):
        first = int(wrong.nonzero()[0])
        raise DataError(f"step {step}: the loss of sample {first} is NaN or infinite")


def _check_alone(
    loss: ModuleLoss, parameters: Mapping[str, Tensor], inputs: Inputs, targets: Tensor
) -> None:
    """The last half of the samples, in reverse, must have the losses that they have among all. In
    double precision, where rounding is out of the way of what an accurate model leaves."""
    if len(targets) < 2:
        return
    rows = torch.arange(len(targets) - 1, len(targets) // 2 - 1, -1, device=targets.device)
    model = copy.deepcopy(loss.model).double()
    fine = ModuleLoss(model, *on_device((inputs, targets), str(targets.device), torch.float64),
                      loss.loss)  # fmt: skip
    exact = {name: a.double() if a.is_floating_point() else a for name, a in parameters.items()}
    tolerance = 1e-6
    try:
        whole = losses_at(fine, exact, *fine.data)
    except DataError:  # a model that insists on single precision
        fine, exact, tolerance = loss, dict(parameters), 1e-3
        whole = losses_at(fine, exact, inputs, targets)
    alone = losses_at(fine, exact, chosen(fine.data[0], rows), fine.data[1][rows])
    size = float(whole.abs().max())
    if alone.shape != whole[rows].shape or not torch.allclose(
        alone, whole[rows], rtol=tolerance, atol=tolerance * max(size, 1e-12)
    ):
        raise ModelError(
            "a sample's loss changes with the samples beside it (is it divided by their number, "
            "normalised over the batch, or is the batch not the first axis?): one value per sample "
            "is needed"
        )
