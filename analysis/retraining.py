"""Influence by retraining: leave a sample out, weight it down, or remove it inside a window."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.linear_network import Weights, sample_losses
from models.settings import Optimizer
from models.training import train, trajectory


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
    start, end = torch.tensor(windows).T
    remove = torch.eye(n, dtype=targets.dtype)

    def sample_weights(step: int) -> Tensor:
        open_now = ((start <= step) & (step < end)).to(targets.dtype)
        return 1 - open_now[:, None, None] * remove  # (window, source, n)

    full = trajectory(
        initial,
        targets,
        steps,
        optimizer=optimizer,
        learning_rate=learning_rate,
        batches=batches,
    )
    ablated = trajectory(
        initial,
        targets,
        steps,
        optimizer=optimizer,
        learning_rate=learning_rate,
        sample_weights=sample_weights,
        batches=batches,
    )
    at_end = torch.zeros(len(windows), n, n, dtype=targets.dtype)
    largest, when = torch.zeros_like(at_end), torch.zeros_like(at_end)
    for (step, with_all), (_, without) in zip(full, ablated, strict=True):
        effect = sample_losses(with_all, targets) - sample_losses(without, targets)
        at_end = torch.where((end == step)[:, None, None], effect, at_end)
        grew = (end <= step)[:, None, None] & (effect.abs() > largest.abs())
        largest, when = torch.where(grew, effect, largest), when.masked_fill(grew, float(step))
    return at_end, largest, when
