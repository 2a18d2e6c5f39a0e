"""Exact influence: the derivative of a loss during training with respect to a sample's weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import xarray as xr
from torch import Tensor
from torch.autograd import forward_ad

from analysis.estimators.base import Estimator, NetworkRun
from models.toy.linear_network import Weights, directional
from models.toy.settings import Optimizer
from models.toy.training import State, initial_state, update


def unrolled_influence(
    initial: Weights,
    targets: Tensor,
    record: Sequence[int],
    *,
    optimizer: Optimizer = "gradient_descent",
    learning_rate: float,
    batches: Tensor | None = None,
    window: Tensor | None = None,
) -> Tensor:
    r"""Influence $d\ell_j(t) / dv_i$ at v = 1, differentiated through every training step.

    Forward mode: the tangent of the weights with respect to each source's weight is carried along
    with the weights, one copy of the network per source. This is the limit of leave-one-out as
    the removed share goes to zero, and exact to rounding.

    Args:
        initial: W1 (..., hidden, items), W2 (..., features, hidden) at step 0, with any leading
            dimensions (runs differentiated together).
        targets: Y (features, items).
        record: increasing steps to keep.
        optimizer: gradient_descent, momentum or adam.
        learning_rate: step size of training.
        batches: factors on v per step, (steps, items) or (steps, ..., items) for each run its own,
            as for `trajectory`: the order of the data is held fixed.
        window: first step in which v_i counts and first in which it no longer does, (..., 2) with
            the leading dimensions of `initial`; None: all of training.

    Returns:
        (recorded, ..., source, target), squared-error units per unit of sample weight. Negative:
        the source helps the target. Not finite where training diverged.

    Raises:
        ValueError: there is no such optimizer.

    Source: forward-mode differentiation by torch; the paper's analytical influence is its theory.
    """
    n = targets.shape[-1]
    copies = (w.unsqueeze(-3).repeat(*[1] * (w.dim() - 2), n, 1, 1) for w in initial)
    state = initial_state(Weights(*copies))
    tangent = initial_state(Weights(*(torch.zeros_like(w) for w in state.weights)))
    lead = state.weights.W1.shape[:-2]  # runs, then sources
    ones = torch.ones(*lead, n, dtype=targets.dtype)
    towards_source = torch.eye(n, dtype=targets.dtype).expand(*lead, n).contiguous()
    # Of a plain tensor forward mode makes a symbolic zero, ten times slower than zeros themselves.
    still = torch.zeros_like(targets)
    kept = []
    for step in range(max(record) + 1):
        if step in record:
            kept.append(directional(state.weights, tangent.weights, targets))
        if step < max(record):
            with forward_ad.dual_level():
                v = forward_ad.make_dual(ones, towards_source * _open(window, step))
                v = v if batches is None else v * batches[step].unsqueeze(-2)
                here = _each(forward_ad.make_dual, state, tangent)
                fixed = forward_ad.make_dual(targets, still)
                after = update(here, fixed, v, step, optimizer, learning_rate)
                state = _each(lambda x: forward_ad.unpack_dual(x).primal, after)
                tangent = _each(_tangent_of, after)
    return torch.stack(kept)


def _open(window: Tensor | None, step: int) -> Tensor:
    """1 where a step lies in the window, else 0: (..., 1, 1); 1 without a window."""
    if window is None:
        return torch.ones(1, 1)
    return ((window[..., 0] <= step) & (step < window[..., 1]))[..., None, None]


def _each(function: Callable[..., Tensor], *states: State) -> State:
    """`function` of every tensor of a state, or of the same tensors of several."""
    return State(
        *(
            Weights(*(function(*tensors) for tensors in zip(*weights, strict=True)))
            for weights in zip(*states, strict=True)
        )
    )


def _tangent_of(dual: Tensor) -> Tensor:
    primal, tangent = forward_ad.unpack_dual(dual)
    return torch.zeros_like(primal) if tangent is None else tangent


class Unrolled(Estimator):
    """The derivative of every loss by every sample's weight, through all of training."""

    name, models, needs = "unrolled", "toy", "network"
    says = "The derivative of the loss by the source's weight, through every training step; exact."
    title, unit = "unrolled", "loss per weight"
    rank = 4

    def compute(self, run: NetworkRun) -> xr.DataArray:
        """Influence (step, source, target).

        Args:
            run: its initial weights, targets, steps, optimizer and batches count.

        Returns:
            loss per unit of sample weight; negative: the source helps.
        """
        toy = run.checkpoints
        values = unrolled_influence(
            toy.initial, toy.targets, toy.steps,
            optimizer=run.optimizer, learning_rate=toy.learning_rate, batches=run.batches,
        )  # fmt: skip
        return self.of_items(values, toy)


ESTIMATOR = Unrolled()
