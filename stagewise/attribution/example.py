"""A run small enough for the examples in docstrings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from analysis.sampling.settings import PosteriorConfig
from stagewise.attribution.run import Run

STEPS = (0, 5, 20, 80)


def example() -> tuple[Run, tuple[Tensor, Tensor], PosteriorConfig]:
    """Linear regression on four points, two and two of a kind, by gradient descent.

    Returns:
        the run, its data for the loss "squared_error", and a posterior for it.

    Example:
        >>> example()[0].steps
        [0, 5, 20, 80]
    """
    x = torch.tensor([[1.0, 0.0, 0.1], [1.0, 0.1, 0.0], [0.0, 1.0, 0.1], [0.1, 1.0, 0.0]])
    y = torch.tensor([[1.0], [1.1], [-1.0], [-0.9]])
    weight, kept = torch.zeros(1, 3), {}
    for step in range(max(STEPS) + 1):
        if step in STEPS:
            kept[step] = {"weight": weight.clone()}
        weight = weight - 0.1 * (x @ weight.T - y).T @ x
    posterior = PosteriorConfig(
        nbeta=4, gamma=50, step_size=0.02, chains=8, draws=200, burn_in=20, thinning=3,
        integrator="exponential",
    )  # fmt: skip
    return Run.from_state_dicts(lambda: nn.Linear(3, 1, bias=False), kept), (x, y), posterior
