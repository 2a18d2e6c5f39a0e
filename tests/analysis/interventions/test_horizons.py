"""Windows of another weight: their effect, what foretells it, and how far ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.estimators.unrolled import unrolled_influence
from analysis.interventions.horizons import (
    falls_below,
    horizon_means,
    horizon_table,
    starts_of,
    transported,
    window_effects,
)
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import random_weights, sample_losses
from models.toy.settings import OPTIMIZERS
from models.toy.training import minibatches, recorded_steps, train

RATE, STEPS, EVERY = 0.05, 200, 20
HORIZONS, STARTS, WINDOW = [1, 5, 40, 100], [0, 40, 80], 10


@pytest.fixture
def run(targets) -> ToyRun:
    start = random_weights(8, 15, 10, 0.1, 3)
    steps = recorded_steps(STEPS, EVERY)
    weights = train(start, targets, steps, learning_rate=RATE)
    items = tuple("abcdefgh")
    features = tuple(map(str, range(len(targets))))
    return ToyRun(torch.tensor(steps), weights, targets, RATE, items, features, 3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_transported_influence_is_the_finite_difference_of_small_changes(run, optimizer):
    rate = 0.005 if optimizer == "adam" else RATE
    how = {"optimizer": optimizer, "learning_rate": rate,
           "batches": minibatches(8, 5, STEPS, seed=0)}  # fmt: skip
    exact = transported(run, STARTS, HORIZONS, WINDOW, **how)
    h = 1e-5
    sides = window_effects(run, STARTS, HORIZONS, [h, -h], WINDOW, **how)
    torch.testing.assert_close(exact, sides.mean(0), rtol=2e-5, atol=1e-7)


def test_a_window_of_all_training_is_the_unrolled_derivative(run, targets):
    whole = unrolled_influence(run.initial, targets, [50, 200], learning_rate=RATE)
    window = torch.tensor([0, 200])
    same = unrolled_influence(run.initial, targets, [50, 200], learning_rate=RATE, window=window)
    assert torch.equal(whole, same)
    parts = [
        unrolled_influence(run.initial, targets, [200], learning_rate=RATE, window=torch.tensor(w))
        for w in ([0, 70], [70, 200])
    ]
    torch.testing.assert_close(parts[0] + parts[1], whole[1:])


def test_removal_in_a_window_is_training_without_the_sample_there(run, targets):
    source, start, horizon = 2, 40, 100

    def weights(step: int) -> torch.Tensor:
        v = torch.ones(8, dtype=torch.float64)
        v[source] = 0.0 if start <= step < start + WINDOW else 1.0
        return v

    end = [start + horizon]
    without = train(run.initial, targets, end, learning_rate=RATE, sample_weights=weights)
    whole = train(run.initial, targets, end, learning_rate=RATE)
    effect = sample_losses(whole, targets)[0] - sample_losses(without, targets)[0]
    found = window_effects(run, STARTS, HORIZONS, [-1.0, 1.0], WINDOW, learning_rate=RATE)
    torch.testing.assert_close(found[0, 1, 3, source], effect, rtol=0, atol=1e-13)


def test_one_small_step_ahead_everything_agrees(run):
    table = horizon_table(
        run, horizons=[1, 80], changes=[-0.01], window=WINDOW, every=2, nbeta=1e-6, gamma=1e6,
        learning_rate=RATE,
    )  # fmt: skip
    assert set(table["predictor"]) == {"instantaneous", "bif_gaussian", "transported"}
    near = table[table["horizon"] == 1]
    assert near["rank"].min() > 0.995
    assert near["sign"].min() == 1.0
    carried = table[table["predictor"] == "transported"]
    assert carried["rank"].min() > 0.999
    assert set(table["step"]) == {0, 40, 80, 120}


def test_windows_start_where_every_horizon_fits():
    assert starts_of([0, 20, 40, 60, 80], [1, 40], every=1) == [0, 20, 40]
    assert starts_of([0, 20, 40, 60, 80], [1, 40], every=2) == [0, 40]


def test_means_take_runs_as_the_unit():
    table = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "step": [0, 1, 0, 1], "horizon": 5, "change": -1.0,
         "predictor": "instantaneous", "rank": [0.2, 0.4, 0.6, 0.8], "sign": 1.0}
    )  # fmt: skip
    found = horizon_means(table).set_index("quantity").loc["rank"]
    assert found["mean"] == pytest.approx(0.5)
    assert found["high"] - found["mean"] == pytest.approx(12.706 * 0.2, rel=1e-3)
    assert found["seeds"] == 2


def test_a_fall_is_interpolated_between_horizons():
    values = np.array([[0.9, 0.6, 0.4], [0.9, 0.8, 0.7]])
    np.testing.assert_allclose(falls_below(np.array([1, 4, 16]), values, 0.5), [8.0, np.nan])
