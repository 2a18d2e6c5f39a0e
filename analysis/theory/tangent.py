"""First-order theory along a training run: the tangent of gradient descent, written out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.toy.linear_network import Weights, directional
from models.toy.training import trajectory


def first_order_influence(
    initial: Weights,
    targets: Tensor,
    record: Sequence[int],
    *,
    learning_rate: float,
    batches: Tensor | None = None,
    input_shift: bool = True,
) -> Tensor:
    r"""Influence $d\ell_j(t)/dv_i$ from the tangent system of theory, on the training grid.

    Weight on sample i shifts $\Sigma_{yx}$ by $M = \frac1n y_i x_i^T$ and $\Sigma_{xx}$ by
    $N = \frac1n x_i x_i^T$; the layers move by P and Q with (see `analysis.theory.first_order`)
    $\dot P = Q^T R + W_2^T D$, $\dot Q = D W_1^T + R P^T$,
    $R = \Sigma_{yx} - W_2 W_1 \Sigma_{xx}$, $D = M - (Q W_1 + W_2 P)\Sigma_{xx} - W_2 W_1 N$.
    One Euler step per training step makes it the derivative of gradient descent itself, from
    any initialisation.

    Args:
        initial: W1 (hidden, items), W2 (features, hidden) of one network at step 0.
        targets: Y (features, items).
        record: increasing steps to keep.
        learning_rate: step size of training.
        batches: factors on the sample weights per step, (steps, items), as for `trajectory`.
        input_shift: False drops N, as the closed form does.

    Returns:
        (recorded, source, target), squared-error units per unit of sample weight. Negative: the
        source helps the target.

    Raises:
        FloatingPointError: training diverged; names the step and the learning rate.

    Source: ours; the step tangent of `analysis.theory.first_order` proves it.
    """
    n = targets.shape[-1]
    select = torch.eye(n, dtype=targets.dtype)  # row i keeps column i: x_i x_i^T
    P, Q = (w.new_zeros(n, *w.shape) for w in initial)
    kept = []
    path = trajectory(initial, targets, max(record), learning_rate=learning_rate, batches=batches)
    for step, (W1, W2) in path:
        if step in record:
            kept.append(directional(Weights(W1, W2), Weights(P, Q), targets))
        if step == max(record):
            break
        seen = torch.ones(n, dtype=targets.dtype) if batches is None else batches[step]
        map_ = W2 @ W1
        R = (targets - map_) * seen / n
        shift = targets - map_ if input_shift else targets
        D = ((shift * select[:, None, :]) - (Q @ W1 + W2 @ P)) * seen / n
        P, Q = (
            P + learning_rate * (Q.mT @ R + W2.mT @ D),
            Q + learning_rate * (D @ W1.mT + R @ P.mT),
        )
    return torch.stack(kept)
