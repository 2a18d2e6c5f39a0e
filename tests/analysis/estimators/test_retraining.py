"""Exact influence: the derivative through training, and retraining."""

from __future__ import annotations

import pytest
import torch

from analysis.estimators.loo import leave_one_out
from analysis.estimators.unrolled import unrolled_influence
from models.toy.linear_network import random_weights, sample_losses
from models.toy.settings import OPTIMIZERS
from models.toy.training import train
from tests.conftest import ROUNDING

RATE = 0.05
RECORD = [0, 40, 90, 160]


@pytest.fixture
def start():
    return random_weights(8, 15, 10, 0.1, 0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_unrolled_equals_central_differences(start, targets, optimizer):
    rate = 0.005 if optimizer == "adam" else RATE
    options = {"optimizer": optimizer, "learning_rate": rate}
    exact = unrolled_influence(start, targets, RECORD, **options)
    h = 1e-5
    for source in (0, 5):
        sides = []
        for sign in (1, -1):
            v = torch.ones(8, dtype=torch.float64)
            v[source] += sign * h
            sides.append(sample_losses(train(start, targets, RECORD, sample_weights=v, **options),
                                       targets))  # fmt: skip
        numeric = (sides[0] - sides[1]) / (2 * h)
        torch.testing.assert_close(exact[:, source], numeric, rtol=2e-5, atol=1e-7)


def test_leave_one_out_walks_to_the_derivative(start, targets):
    exact = unrolled_influence(start, targets, RECORD, learning_rate=RATE)
    etas = [1e-2, 1e-3, 1e-4]
    ladder = leave_one_out(start, targets, RECORD, etas, learning_rate=RATE)
    errors = [float((rung - exact).norm() / exact.norm()) for rung in ladder]
    # First order in eta; a wrong sign or a missing division stays of order 1 or more.
    assert errors[2] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.1)


def test_full_removal_is_training_without_the_sample(start, targets):
    # Plain loop over gradient steps that skips the source, n unchanged.
    source, full = 3, [w.clone() for w in start]
    without = [w.clone() for w in start]
    for _ in range(60):
        for weights, skip in ((full, None), (without, source)):
            W1, W2 = weights
            error = W2 @ W1 - targets
            if skip is not None:
                error[:, skip] = 0
            weights[0], weights[1] = W1 - RATE / 8 * W2.T @ error, W2 - RATE / 8 * error @ W1.T
    losses = [0.5 * (W2 @ W1 - targets).square().sum(0) for W1, W2 in (full, without)]
    found = leave_one_out(start, targets, [0, 60], [1.0], learning_rate=RATE)
    torch.testing.assert_close(found[0, 1, source], losses[0] - losses[1], rtol=0, atol=ROUNDING)
    assert float(found[0, 0].abs().max()) == 0
