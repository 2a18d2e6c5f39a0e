"""The toy network's losses as the posterior sampler wants them, with a hand-written gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from analysis.sampling.sgld import Parameters


class LinearNetworkLoss:
    """Per-item losses of a stack of two-layer linear networks on one-hot inputs.

    Args:
        targets: Y (features, items); column i is what item i is to give.

    Example:
        >>> loss = LinearNetworkLoss(torch.eye(2))
        >>> loss({"W1": torch.zeros(1, 3, 2), "W2": torch.zeros(1, 2, 3)}, None)
        tensor([[0.5000, 0.5000]])
    """

    def __init__(self, targets: Tensor) -> None:
        self.targets = targets

    def __call__(self, parameters: Parameters, batch: Tensor | None) -> Tensor:
        """Losses |y - W2 W1 x|^2 / 2, shape (chains, items in the batch)."""
        return 0.5 * self._error(parameters, batch)[0].square().sum(1)

    def losses_and_gradient(
        self, parameters: Parameters, batch: Tensor | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Losses, and the gradient of each chain's summed losses: what autograd would give, at a
        fifth of its cost.

        Args:
            parameters: W1 (chains, hidden, items), W2 (chains, features, hidden).
            batch: indices of items (chains, batch), without repeats; None: all.

        Returns:
            losses |y - W2 W1 x|^2 / 2 (chains, items in the batch), and the gradient by name, in
            the shapes of the parameters.
        """
        error, hidden = self._error(parameters, batch)
        losses = (error * error).sum(1).mul_(0.5)
        # E^T W2 transposed, not W2^T E: the batched product is three times faster that way round.
        d_hidden = torch.bmm(error.mT, parameters["W2"]).mT
        gradient = {"W1": d_hidden, "W2": torch.bmm(error, hidden.mT)}
        if batch is not None:
            where = batch[:, None, :].expand_as(d_hidden)
            gradient["W1"] = torch.zeros_like(parameters["W1"]).scatter_add_(2, where, d_hidden)
        return losses, gradient

    def _error(self, parameters: Parameters, batch: Tensor | None) -> tuple[Tensor, Tensor]:
        """W2 W1 X - Y (chains, features, batch) and the hidden layer (chains, hidden, batch)."""
        hidden, targets = parameters["W1"], self.targets.to(parameters["W1"])
        if batch is not None:
            where = batch[:, None, :].expand(-1, hidden.shape[1], -1)
            hidden, targets = hidden.gather(2, where), targets[:, batch].movedim(0, 1)
        return torch.baddbmm(targets, parameters["W2"], hidden, beta=-1), hidden
