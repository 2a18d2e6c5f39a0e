"""Full-batch training of many linear networks at once, with per-sample weights that may change
from step to step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
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
    """A network in training.

    Attributes:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).
        first: running average of the gradient (momentum, Adam), in the shapes of the weights.
        second: running average of its square (Adam), in the shapes of the weights.
    """

    weights: Weights
    first: Weights
    second: Weights


def initial_state(weights: Weights) -> State:
    """The state before the first step: running averages at zero.

    Args:
        weights: W1 (..., hidden, items), W2 (..., features, hidden).

    Returns:
        the state, its weights those given.
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
        sample_weights: v, (..., items).
        step: steps already taken (Adam's bias correction).
        optimizer: gradient_descent, momentum (0.9) or adam (betas 0.9 and 0.999).
        learning_rate: step size of training.

    Returns:
        the state after one step; averages that the optimizer does not use stay as they are.

    Raises:
        ValueError: there is no such optimizer.

    Source: Kingma and Ba 2015 for Adam; its epsilon stands under the root here.
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
    """Which items every step sees.

    Each step draws `batch_size` different items, with factor items / batch_size (so that the
    gradient is right on average), and 0 for the others.

    Args:
        items: number of samples.
        batch_size: items per step, without repeats.
        steps: of training.
        seed: of the order.

    Returns:
        factors on the sample weights, (steps, items), float64; the mean of every row is 1.

    Raises:
        ValueError: the batch is empty or larger than the data.

    Example:
        >>> sorted(minibatches(4, 2, steps=1, seed=0)[0].tolist())
        [0.0, 0.0, 2.0, 2.0]
    """
    if not 1 <= batch_size <= items:
        raise ValueError(f"batch_size {batch_size}: from 1 to the {items} items")
    generator = torch.Generator().manual_seed(BATCH_STREAM + seed)
    order = torch.rand(steps, items, generator=generator, dtype=torch.float64).argsort(-1)
    return (order < batch_size) * torch.tensor(items / batch_size, dtype=torch.float64)


def recorded_steps(steps: int, every: int) -> list[int]:
    """The steps at which a training is kept: 0, every, 2 every, ... and the last.

    Args:
        steps: of training.
        every: steps between two, at least 1.

    Returns:
        steps, increasing, from 0 to `steps`.
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
    """Yield the weights at step 0, 1, ..., `steps` of training.

    Args:
        initial: W1 (..., hidden, items), W2 (..., features, hidden) at step 0, with any leading
            dimensions (the networks trained together).
        targets: Y, shape (features, items).
        steps: of training.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        sample_weights: v of shape (..., items), or a function of the step; ones by default. Its
            leading dimensions broadcast with those of `initial`.
        batches: factors on v, (steps or more, items), as from `minibatches`; none by default.

    Yields:
        step and weights, with the leading dimensions of `initial` and v.

    Raises:
        FloatingPointError: training diverged; names the step and the learning rate.
        ValueError: there is no such optimizer.
    """
    if sample_weights is None:
        sample_weights = torch.ones(targets.shape[-1], dtype=targets.dtype)
    weights_at = sample_weights if callable(sample_weights) else lambda _: sample_weights
    # numpy's, for torch's own imports sympy.
    lead = np.broadcast_shapes(initial.W1.shape[:-2], weights_at(0).shape[:-1])
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
    """Weights at some steps of training; see `trajectory`.

    Args:
        initial: W1 (..., hidden, items), W2 (..., features, hidden) at step 0.
        targets: Y (features, items).
        record: increasing steps to keep.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        sample_weights: v of shape (..., items), or a function of the step; ones by default.
        batches: factors on v, (steps or more, items), as from `minibatches`; none by default.

    Returns:
        W1 (recorded, ..., hidden, items), W2 (recorded, ..., features, hidden).

    Raises:
        FloatingPointError: training diverged; names the step and the learning rate.
        ValueError: there is no such optimizer.
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
