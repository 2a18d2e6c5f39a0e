"""Remove a sample inside a window of training, and see what that does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from analysis.estimators.instantaneous import instantaneous_influence
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import Weights, sample_losses
from models.toy.settings import Optimizer
from models.toy.training import State, initial_state, train, update


def window_ablation(
    initial: Weights,
    targets: Tensor,
    steps: int,
    windows: Sequence[tuple[int, int]],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Remove a source during a window of training only, for every window and source at once.

    Args:
        initial: W1 (hidden, items), W2 (features, hidden) at step 0.
        targets: Y (features, items).
        steps: of training.
        windows: (first step without the source, first step with it again), within 0..steps.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        batches: factors on the sample weights (steps, items); None: all items at every step.

    Returns:
        Three tensors (window, source, target), full minus ablated loss, squared-error units
        (negative: the source's presence in the window helps the target): the effect at the window's
        end; the effect of largest size from the window's end to the end of training; the step where
        that occurs.

    Raises:
        ValueError: a window is empty or reaches outside training, or there is no such optimizer.
        FloatingPointError: training diverged; names the step and the learning rate.

    Source: the paper (arXiv:2510.12071) removes inside windows; both outcomes are ours.
    """
    for start, end in windows:
        if not 0 <= start < end <= steps:
            raise ValueError(f"window {start}..{end} must lie within 0..{steps} and not be empty")
    n = targets.shape[-1]
    order = sorted(range(len(windows)), key=lambda k: windows[k])  # by start: opened in this order
    start, end = torch.tensor([windows[k] for k in order]).T
    ones, remove = torch.ones(n, dtype=targets.dtype), torch.eye(n, dtype=targets.dtype)
    full = initial_state(initial)
    ablated = State(*(Weights(*(w.new_zeros(0, n, *w.shape) for w in initial)) for _ in full))
    at_end = torch.zeros(len(windows), n, n, dtype=targets.dtype)
    largest, when = torch.zeros_like(at_end), torch.zeros_like(at_end)
    for step in range(steps + 1):
        if not all(bool(w.isfinite().all()) for w in (*full.weights, *ablated.weights)):
            raise FloatingPointError(
                f"training diverged by step {step} at learning rate {learning_rate}: lower it"
            )
        ablated = _opened(ablated, full, int((start == step).sum()))
        opened = len(ablated.weights.W1)  # windows still to come train as the full set does
        effect = sample_losses(full.weights, targets) - sample_losses(ablated.weights, targets)
        ends = end[:opened, None, None]
        at_end[:opened] = torch.where(ends == step, effect, at_end[:opened])
        grew = (ends <= step) & (effect.abs() > largest[:opened].abs())
        largest[:opened] = torch.where(grew, effect, largest[:opened])
        when[:opened] = when[:opened].masked_fill(grew, float(step))
        if step < steps:
            seen = ones if batches is None else batches[step]
            without = ((step < ends) * remove).to(targets.dtype)  # (opened, source, n)
            ablated = update(ablated, targets, (1 - without) * seen, step, optimizer, learning_rate)
            full = update(full, targets, seen, step, optimizer, learning_rate)
    place = torch.tensor(order).argsort()
    return at_end[place], largest[place], when[place]


def _opened(ablated: State, full: State, count: int) -> State:
    """The ablated networks with `count` more windows, which begin where full training is."""
    if not count:
        return ablated
    return State(
        *(
            Weights(
                *(
                    torch.cat([old, new.expand(count, *old.shape[1:])])
                    for old, new in zip(before, now, strict=True)
                )
            )
            for before, now in zip(ablated, full, strict=True)
        )
    )


def windows_of(steps: int, lengths: Sequence[int], every: int) -> list[tuple[int, int]]:
    """All windows of every length that fit into a training, one beginning every so many steps.

    Args:
        steps: of training.
        lengths: in steps.
        every: steps between two starts.

    Returns:
        (first step without the source, first step with it again) of every window, length by length.
    """
    return [
        (start, start + length)
        for length in lengths
        for start in range(0, steps - length + 1, every)
    ]


def window_table(
    run: ToyRun,
    steps: int,
    windows: Sequence[tuple[int, int]],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> pd.DataFrame:
    """Both outcomes of every window, source and target of one run, beside what instantaneous
    influence predicts.

    Args:
        run: initial weights and targets of one training.
        steps: of training.
        windows: (first step without the source, first step with it again).
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        batches: factors on the sample weights (steps, items); None: all items at every step.

    Returns:
        seed, start, end, source, target; end_effect, largest_effect, largest_step (loss with the
        source minus loss without, squared-error units, negative: its presence helped; see
        `window_ablation`); predicted: the first-order effect
        (learning_rate x length / items) x (-g_i . g_j) from the gradients at the window's middle
        (claim X5).

    Raises:
        ValueError: a window is empty or reaches outside training, or there is no such optimizer.
        FloatingPointError: training diverged.
    """
    how: dict[str, Any] = {
        "optimizer": optimizer, "learning_rate": learning_rate, "batches": batches
    }  # fmt: skip
    results = window_ablation(run.initial, run.targets, steps, windows, **how)
    middle = [(start + end) // 2 for start, end in windows]
    unique = sorted(set(middle))
    weights = train(run.initial, run.targets, unique, **how)
    pull = instantaneous_influence(weights, run.targets)[torch.tensor([*map(unique.index, middle)])]
    length = torch.tensor([end - start for start, end in windows])[:, None, None]
    predicted = learning_rate * length / len(run.items) * pull
    w, i, j = np.indices(predicted.shape).reshape(3, -1)
    items, bounds = np.array(run.items), np.array(windows)
    table = pd.DataFrame(
        {
            "seed": run.seed, "start": bounds[w, 0], "end": bounds[w, 1], "source": items[i],
            "target": items[j],
        }
    )  # fmt: skip
    names = ("end_effect", "largest_effect", "largest_step", "predicted")
    for name, values in zip(names, (*results, predicted), strict=True):
        table[name] = values.numpy().reshape(-1)
    return table
