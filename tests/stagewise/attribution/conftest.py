"""A task and a posterior for tests of attribution."""

from __future__ import annotations

import pytest
import torch

import stagewise

POSTERIOR = stagewise.Posterior(
    nbeta=30.0, gamma=300.0, step_size=1e-3, chains=4, draws=60, burn_in=20
)


@pytest.fixture(scope="module")
def task():
    inputs = torch.randint(0, 3, (30, 5), generator=torch.manual_seed(0))
    return inputs, inputs[:, 0].clone()
