"""A sample removed inside a window: against leave-one-out, plain retraining and the gradients."""

from __future__ import annotations

import pytest
import torch

from analysis.estimators.instantaneous import instantaneous_influence
from analysis.estimators.loo import leave_one_out
from analysis.interventions.windows import window_ablation
from models.toy.linear_network import random_weights, sample_losses
from models.toy.training import train
from tests.conftest import ROUNDING

RATE = 0.05


@pytest.fixture
def start():
    return random_weights(8, 15, 10, 0.1, 0)


def test_a_window_over_all_of_training_is_leave_one_out(start, targets):
    at_end, largest, when = window_ablation(start, targets, 90, [(0, 90)], learning_rate=RATE)
    whole = leave_one_out(start, targets, [90], [1.0], learning_rate=RATE)
    torch.testing.assert_close(at_end[0], whole[0, 0], rtol=0, atol=ROUNDING)
    torch.testing.assert_close(largest, at_end, rtol=0, atol=0)  # no later moment to compare with
    assert bool((when == 90).all())


def test_window_outcomes_against_retraining_one_by_one(start, targets):
    window, steps = (30, 50), 120
    at_end, largest, when = window_ablation(
        start, targets, steps, [(0, 10), window], learning_rate=RATE
    )
    for source in (0, 6):

        def weights(step: int, source: int = source) -> torch.Tensor:
            v = torch.ones(8, dtype=torch.float64)
            v[source] = 0.0 if window[0] <= step < window[1] else 1.0
            return v

        record = range(steps + 1)
        full = sample_losses(train(start, targets, record, learning_rate=RATE), targets)
        ablated = sample_losses(
            train(start, targets, record, learning_rate=RATE, sample_weights=weights), targets
        )
        effect = full - ablated
        torch.testing.assert_close(at_end[1, source], effect[50], rtol=0, atol=ROUNDING)
        later = effect[50:]
        k = later.abs().argmax(0)
        expected = later.gather(0, k[None])[0]
        torch.testing.assert_close(largest[1, source], expected, rtol=0, atol=ROUNDING)
        torch.testing.assert_close(when[1, source], (50 + k).double(), rtol=0, atol=0)


def test_a_short_window_is_instantaneous_influence(start, targets):
    # Claim X5: effect -> (rate x length / n)(-g_i . g_j); the constant is part of the claim.
    weights = train(start, targets, [80], learning_rate=RATE)
    pull = instantaneous_influence(weights, targets)[0]
    errors = []
    for rate in (1e-3, 1e-4):
        begin = type(weights)(weights.W1[0], weights.W2[0])
        at_end, _, _ = window_ablation(begin, targets, 1, [(0, 1)], learning_rate=rate)
        errors.append(float((at_end[0] - rate / 8 * pull).norm() / (rate / 8 * pull).norm()))
    assert errors[1] < 1e-4
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("window", [(5, 5), (-1, 3), (0, 11)])
def test_impossible_windows_are_refused(start, targets, window):
    with pytest.raises(ValueError, match="must lie within"):
        window_ablation(start, targets, 10, [window], learning_rate=RATE)
