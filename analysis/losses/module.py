"""The losses of any PyTorch module as the posterior sampler wants them."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from analysis.sampling.sgld import Parameters
from models.language.architectures.base import own_copy

Inputs = Tensor | tuple[Tensor, ...] | dict[str, Tensor]
SampleLoss = Callable[[Any, Tensor], Tensor]  # (output, targets) -> (samples, ...)

logger = logging.getLogger(__name__)


def cross_entropy(output: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of class indices under unnormalised log probabilities.

    Args:
        output: (samples, ..., classes).
        targets: class indices (samples, ...).

    Returns:
        (samples, ...), nats.

    Raises:
        ValueError: targets are no whole numbers, or not one for each row of scores.
    """
    if targets.is_floating_point() or output.shape[:-1] != targets.shape:
        raise ValueError(
            f"cross_entropy of scores {tuple(output.shape)} needs class indices "
            f"{tuple(output.shape[:-1])}; targets are {targets.dtype} {tuple(targets.shape)}"
        )
    # Not F.cross_entropy: under vmap it is taken apart into slower pieces.
    return output.logsumexp(-1) - output.gather(-1, targets.long()[..., None])[..., 0]


def squared_error(output: Tensor, targets: Tensor) -> Tensor:
    """Half the sum of squares, |output - target|^2 / 2.

    Args:
        output: (samples, ...).
        targets: the same shape; (samples,) and (samples, 1) are the same.

    Returns:
        (samples,), half the square of the output's unit.

    Raises:
        ValueError: shapes differ.
    """
    wide, wanted = (a.reshape(len(a), -1) for a in (output, targets))
    if wide.shape != wanted.shape:
        raise ValueError(
            f"squared_error of an output {tuple(output.shape)} needs targets of that shape, not "
            f"{tuple(targets.shape)}"
        )
    return 0.5 * (wide - wanted).square().sum(1)


LOSSES: dict[str, SampleLoss] = {"cross_entropy": cross_entropy, "squared_error": squared_error}


def chosen(inputs: Inputs, rows: Tensor | slice) -> Inputs:
    """Some of the samples of a module's inputs.

    Args:
        inputs: tensors (samples, ...): one, several in order, or several by name.
        rows: indices of samples, any shape, or a slice.

    Returns:
        in the same form, (*shape of rows, ...).
    """
    if isinstance(inputs, Tensor):
        return inputs[rows]
    if isinstance(inputs, dict):
        return {name: part[rows] for name, part in inputs.items()}
    return tuple(part[rows] for part in inputs)


class ModuleLoss:
    """Losses of a stack of copies of a module, one per chain.

    The copies run as one batch by vmap, or one after another where an operation has no batching
    rule (see `choose`).

    Args:
        model: any module, in evaluation mode; called as model(x), model(*x) or model(**x). What it
            returns is given to the loss; of an output with `logits`, these.
        inputs: of the samples that chains move on, (samples, ...).
        targets: of the same samples, (samples, ...).
        loss: (output, targets) -> one loss per sample (samples,) or per token (samples, tokens).
        observed: inputs and targets of the samples whose losses are kept; None: the same samples.
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Inputs,
        targets: Tensor,
        loss: SampleLoss,
        *,
        observed: tuple[Inputs, Tensor] | None = None,
    ) -> None:
        self.model, self.loss = model, loss
        self.data = inputs, targets
        self.kept = observed or self.data
        self.batched = True
        self.moved: frozenset[str] = frozenset(name for name, _ in model.named_parameters())
        every = [
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(remove_duplicate=False),
        ]
        self.tied = len(every) > len({id(p) for _, p in every})

    @property
    def all_data(self) -> list[tuple[Inputs, Tensor]]:
        """Inputs and targets that chains move on, and those that are kept where they are others."""
        return [self.data] if self.kept is self.data else [self.data, self.kept]

    def __call__(self, parameters: Parameters, batch: Tensor | None) -> Tensor:
        """Loss of each sample, a mean over its tokens: (chains, samples in the batch)."""
        inputs, targets = self.data
        if batch is None:
            return per_sample(self._stacked(parameters, inputs, targets, shared=True))
        rows = batch.to(targets.device)
        own = chosen(inputs, rows), targets[rows]
        return per_sample(self._stacked(parameters, *own, shared=False))

    def losses_and_gradient(
        self, parameters: Parameters, batch: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses, and the gradient of each chain's summed losses by what is sampled. Where chains
        run one after another, only one has its activations in memory.

        Args:
            parameters: name -> (chains, *shape), with what is held.
            batch: indices of samples (chains, batch); None: all.

        Returns:
            losses (chains, samples in the batch); name -> gradient (chains, *shape).
        """
        chains = len(next(iter(parameters.values())))
        if self.batched or chains == 1:
            return self._differentiated(parameters, batch)
        found = [
            self._differentiated(
                {name: p[c : c + 1] for name, p in parameters.items()},
                None if batch is None else batch[c : c + 1],
            )
            for c in range(chains)
        ]
        gradients = {name: torch.cat([each[name] for _, each in found]) for name in found[0][1]}
        return torch.cat([losses for losses, _ in found]), gradients

    def _differentiated(
        self, parameters: Parameters, batch: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        leaves = {
            name: p.detach().requires_grad_()
            for name, p in parameters.items()
            if name in self.moved
        }
        losses = self({**parameters, **leaves}, batch)
        gradients = torch.autograd.grad(losses.sum(), [*leaves.values()], materialize_grads=True)
        return losses.detach(), dict(zip(leaves, gradients, strict=True))

    def observe(self, parameters: Parameters) -> Tensor:
        """Every loss of the samples that are kept, token by token where there are tokens.

        Args:
            parameters: name -> (chains, *shape), with what is held.

        Returns:
            (chains, samples x tokens).
        """
        return self._stacked(parameters, *self.kept, shared=True).flatten(1)

    def losses(
        self, model: nn.Module, parameters: Mapping[str, Tensor], inputs: Inputs, targets: Tensor
    ) -> Tensor:
        """Losses of one copy.

        Args:
            model: whose forward pass is run; its own weights do not count.
            parameters: name -> tensor, those held included.
            inputs: (samples, ...).
            targets: (samples, ...).

        Returns:
            (samples,) or (samples, tokens).
        """
        arguments: tuple[Any, ...] = inputs if isinstance(inputs, tuple) else (inputs,)
        named: dict[str, Any] = {}
        if isinstance(inputs, dict):
            arguments, named = (), inputs
        output = functional_call(model, dict(parameters), arguments, named, tie_weights=self.tied)
        if isinstance(output, Mapping) and "logits" in output:
            output = output["logits"]
        found = self.loss(getattr(output, "logits", output), targets)
        single = isinstance(found, Tensor) and found.ndim == 2 and found.shape[1] == 1
        return found[:, 0] if single else found

    def choose(self, parameters: Parameters, held: Parameters | None = None) -> None:
        """Find out whether chains can run as one batch; where not, say so once, with the operation
        that is in the way and what a step of a chain then takes.

        Args:
            parameters: name -> (chains, *shape), those that are sampled; two chains are enough.
            held: name -> (chains, *shape), given to the module beside them.

        Raises:
            Exception: whatever the module raises of one chain alone.
        """
        inputs, targets = chosen(self.data[0], slice(2)), self.data[1][:2]
        moved = {name: a.detach().requires_grad_() for name, a in parameters.items()}
        leaves, held = [*moved.values()], dict(held or {})
        self.moved = frozenset(moved)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                losses = self._stacked({**moved, **held}, inputs, targets, shared=True)
                torch.autograd.grad(losses.sum(), leaves, allow_unused=True)
                rows = torch.arange(len(targets)).expand(len(losses), -1).to(targets.device)
                self._stacked({**moved, **held}, chosen(inputs, rows), targets[rows], shared=False)
            except RuntimeError as error:
                said.append(error)  # type: ignore[arg-type]
        reasons = [str(getattr(each, "message", each)) for each in said]
        reason = next((r for r in reasons if "batching rule" in r or "vmap" in r), None)
        if reason is None and not any(isinstance(each, Exception) for each in said):
            return
        self.batched = False
        begin = time.perf_counter()
        losses = self._stacked({**moved, **held}, inputs, targets, shared=True)
        torch.autograd.grad(losses.sum(), leaves, allow_unused=True)
        each = (time.perf_counter() - begin) / len(losses)
        logger.warning(
            "%s: chains run one after another, at least %.1f ms per step of each",
            operation_of(reason or reasons[-1]), 1e3 * each,
        )  # fmt: skip

    def _stacked(
        self, parameters: Parameters, inputs: Inputs, targets: Tensor, *, shared: bool
    ) -> Tensor:
        """Losses (chains, samples, ...), all chains on the same samples or each on its own."""
        model = own_copy(self.model)
        if self.batched:
            dims = (0, None, None) if shared else (0, 0, 0)

            def of_one(p: Parameters, x: Inputs, y: Tensor) -> Tensor:
                return self.losses(model, p, x, y)

            return vmap(of_one, in_dims=dims)(dict(parameters), inputs, targets)
        each = []
        for c in range(len(next(iter(parameters.values())))):
            own = inputs, targets
            if not shared:
                own = chosen(inputs, torch.tensor(c)), targets[c]
            # A chain alone is a view of its stack, whose gradient needs no copy.
            alone = {k: p.squeeze(0) if len(p) == 1 else p[c] for k, p in parameters.items()}
            each.append(self.losses(model, alone, *own))
        return torch.stack(each)


def per_sample(losses: Tensor) -> Tensor:
    """One loss per sample: a mean over its tokens, where it has them.

    Args:
        losses: (chains, samples) or (chains, samples, tokens).

    Returns:
        (chains, samples).
    """
    return losses if losses.ndim == 2 else losses.flatten(2).mean(-1)


def operation_of(message: str) -> str:
    """Which operation stands in the way of batching, from what vmap said.

    Args:
        message: of its error or warning.

    Returns:
        in words.

    Example:
        >>> operation_of("Batching rule not implemented for aten::gru.input. We could not ...")
        'aten::gru.input has no batching rule'
    """
    for word in message.replace(",", " ").split():
        if word.startswith("aten::"):
            return f"{word.rstrip('.')} has no batching rule"
    if "control flow" in message:
        return "the model decides by the values of tensors, which has no batching rule"
    return f"the model cannot be batched over chains ({message.splitlines()[0][:100]})"
