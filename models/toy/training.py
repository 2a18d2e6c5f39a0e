"""Full-batch training of many linear networks at once, with per-sample weights that may change
from step to step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from models.toy.linear_network import Weights, gradient
from models.toy.settings import OPTIMIZERS, Optimizer

MOMENTUM = 0.9
ADAM_BETAS = (0.9, 0.999)
ADAM_EPSILON = 1e-8

BATCH_STREAM = 2**33  # apart from the seeds of initial weights

SampleWeights = Callable[[int], Tensor]  # step -> v, shape (..., items)


class State(NamedTuple):
    """A network in training: weights, and the optimizer's two running averages."""

    weights: Weights
    first: Weights
    second: Weights


def initial_state(weights: Weights) -> State:
    """The state before the first step: running averages at zero.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).

    Returns:
        the state.
    """
    zeros = Weights(*(torch.zeros_like(w) for w in weights))
    return State(weights, zeros, zeros)


def update(
    state: State,
    targets: Tensor,
    sample_weights: Tensor,
    step: int,
    optimizer: Optimizer,
    learning_rate: float,
) -> State:
    """State after one optimizer step; a pure function, so that it can be differentiated.

    Args:
        state: weights and what the optimizer remembers.
        targets: Y (features, items).
        sample_weights: shape (..., items).
        step: steps already taken (Adam's bias correction).
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.

    Returns:
        the state after one step.

    Raises:
        ValueError: there is no such optimizer.
    """
    grads = gradient(state.weights, targets, sample_weights)
    if optimizer == "gradient_descent":
        moved = (w - learning_rate * g for w, g in zip(state.weights, grads, strict=True))
        return state._replace(weights=Weights(*moved))
    if optimizer == "momentum":
        velocity = Weights(*(MOMENTUM * m + g for m, g in zip(state.first, grads, strict=True)))
        moved = (w - learning_rate * m for w, m in zip(state.weights, velocity, strict=True))
        return state._replace(weights=Weights(*moved), first=velocity)
    if optimizer == "adam":
        b1, b2 = ADAM_BETAS
        first = Weights(*(b1 * m + (1 - b1) * g for m, g in zip(state.first, grads, strict=True)))
        second = Weights(
            *(b2 * v + (1 - b2) * g * g for v, g in zip(state.second, grads, strict=True))
        )
        scale = (1 - b2 ** (step + 1)) ** 0.5 / (1 - b1 ** (step + 1))
        # Epsilon under the root keeps the update differentiable where the average is zero.
        moved = (
            w - learning_rate * scale * m / (v + ADAM_EPSILON**2).sqrt()
            for w, m, v in zip(state.weights, first, second, strict=True)
        )
        return State(Weights(*moved), first, second)
    raise ValueError(f"optimizer {optimizer!r}: choose one of {', '.join(OPTIMIZERS)}")


def minibatches(items: int, batch_size: int, steps: int, seed: int) -> Tensor:
    """Which items every step sees: factors on the sample weights, (steps, items), float64.

    Each step draws `batch_size` different items, with factor items / batch_size (so that the
    gradient is right on average), and 0 for the others.

    Args:
        items: number of samples.
        batch_size: items per step, without repeats.
        steps: of training.
        seed: of the order.

    Returns:
        (steps, items), factors whose mean over the items is 1.

    Raises:
        ValueError: the batch is empty or larger than the data.
    """
    if not 1 <= batch_size <= items:
        raise ValueError(f"batch_size {batch_size}: from 1 to the {items} items")
    generator = torch.Generator().manual_seed(BATCH_STREAM + seed)
    order = torch.rand(steps, items, generator=generator, dtype=torch.float64).argsort(-1)
    return (order < batch_size) * torch.tensor(items / batch_size, dtype=torch.float64)


def recorded_steps(steps: int, every: int) -> list[int]:
    """0, every, 2 every, ... up to and including `steps`.

    Args:
        steps: of training.
        every: steps between two.

    Returns:
        increasing.
    """
    return sorted({*range(0, steps + 1, every), steps})


def trajectory(
    initial: Weights,
    targets: Tensor,
    steps: int,
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    sample_weights: Tensor | SampleWeights | None = None,
    batches: Tensor | None = None,
) -> Iterator[tuple[int, Weights]]:
    """Yield (step, weights) at step 0, 1, ..., `steps` of training from `initial`.

    Args:
        initial: weights with any leading dimensions (the networks trained together).
        targets: Y, shape (features, items).
        steps: of training.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        sample_weights: v of shape (..., items), or a function of the step; ones by default. Its
            leading dimensions broadcast with those of `initial`.
        batches: factors on v, (steps or more, items), as from `minibatches`; none by default.

    Yields:
        step and weights, from 0 to `steps`.

    Raises:
        FloatingPointError: training diverged; names the step and the learning rate.
    """
    if sample_weights is None:
        sample_weights = torch.ones(targets.shape[-1], dtype=targets.dtype)
    weights_at = sample_weights if callable(sample_weights) else lambda _: sample_weights
    lead = torch.broadcast_shapes(initial.W1.shape[:-2], weights_at(0).shape[:-1])
    state = initial_state(Weights(*(w.expand(*lead, *w.shape[-2:]) for w in initial)))
    for step in range(steps + 1):
        if not all(bool(w.isfinite().all()) for w in state.weights):
            raise FloatingPointError(
                f"training diverged by step {step} at learning rate {learning_rate}: lower it"
            )
        yield step, state.weights
        if step < steps:
            v = weights_at(step) if batches is None else weights_at(step) * batches[step]
            state = update(state, targets, v, step, optimizer, learning_rate)


def train(
    initial: Weights,
    targets: Tensor,
    record: Sequence[int],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    sample_weights: Tensor | SampleWeights | None = None,
    batches: Tensor | None = None,
) -> Weights:
    """Weights at the steps in `record`; arguments and errors as for `trajectory`.

    Args:
        initial: weights at step 0.
        targets: Y (features, items).
        record: increasing steps to keep.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        sample_weights: weights v of the items (..., items); default: 1.
        batches: factors on the sample weights (steps, items), or None.

    Returns:
        W1 (recorded, ..., hidden, items), W2 (recorded, ..., features, hidden).
    """
    path = trajectory(
        initial,
        targets,
        max(record),
        optimizer=optimizer,
        learning_rate=learning_rate,
        sample_weights=sample_weights,
        batches=batches,
    )
    wanted = set(record)
    kept = [weights for step, weights in path if step in wanted]
    return Weights(*(torch.stack(w) for w in zip(*kept, strict=True)))
