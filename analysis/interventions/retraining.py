"""Influence by retraining: leave a sample out, weight it down, or remove it inside a window."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.toy.linear_network import Weights, sample_losses
from models.toy.settings import Optimizer
from models.toy.training import State, initial_state, train, update


def leave_one_out(
    initial: Weights,
    targets: Tensor,
    record: Sequence[int],
    etas: Sequence[float],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
) -> Tensor:
    r"""Influence by retraining with source i weighted down by eta, every source at once.

    $loo_\eta(i \to j, t) = (\ell_j^{full}(t) - \ell_j^{v_i = 1 - \eta}(t)) / \eta$; eta = 1 removes
    the sample.

    Returns:
        (eta, recorded, source, target), squared-error units. Negative: the source helps.
    """
    n = targets.shape[-1]
    eta = torch.tensor([0.0, *etas], dtype=targets.dtype)
    weights = 1 - eta[:, None, None] * torch.eye(n, dtype=targets.dtype)  # (1 + etas, source, n)
    trained = train(
        initial,
        targets,
        record,
        optimizer=optimizer,
        learning_rate=learning_rate,
        sample_weights=weights,
        batches=batches,
    )
    losses = sample_losses(trained, targets).movedim(0, 1)  # (1 + etas, recorded, source, target)
    return (losses[:1] - losses[1:]) / eta[1:, None, None, None]


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
        windows: (first step without the source, first step with it again), within 0..steps.

    Returns:
        Three tensors (window, source, target), full minus ablated loss (negative: the source's
        presence in the window helps the target): the effect at the window's end; the effect of
        largest size from the window's end to the end of training; the step where that occurs.

    Raises:
        ValueError: a window is empty or reaches outside training.
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
