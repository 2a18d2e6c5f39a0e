"""Agreement of BIF with retraining by the sampler's settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.estimators.bif_gaussian import gaussian_by_checkpoint
from analysis.estimators.sampler_sweep import (
    SweepSettings,
    effective_draws,
    equal_draws,
    sweep_summary,
    sweep_table,
)
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import random_weights
from models.toy.training import recorded_steps, train

SETTINGS = SweepSettings(
    nbeta=[80.0], gamma=[1000.0, 1e4], relative_step=[0.1, 0.5], chains=4, time=5.0, every=2
)


@pytest.fixture
def run(tree, targets) -> ToyRun:
    steps = recorded_steps(600, 40)
    weights = train(random_weights(8, 15, 16, 0.01, 0), targets, steps, learning_rate=0.05)
    return ToyRun(torch.tensor(steps), weights, targets, 0.05, tree.items, tree.features, seed=0)


def test_settings_are_the_product_and_burn_in_counts_relaxation_times():
    assert len(SETTINGS.combinations) == 4
    local = SETTINGS.posterior(80.0, 1000.0, 0.1)
    assert local.step_size == pytest.approx(0.1 / 1080)
    assert local.burn_in == 60  # three times 2 / 0.1
    assert SETTINGS.posterior(80.0, 1000.0, 0.5).burn_in == 12


def test_settings_are_compared_at_equal_integration_time():
    draws = {step: SETTINGS.posterior(80.0, 1000.0, step).draws for step in (0.1, 0.5)}
    assert draws == {0.1: 50, 0.5: 10}
    assert SETTINGS.posterior(80.0, 1000.0, 3.0).draws == 10  # never fewer


def test_chains_are_cut_to_equal_effective_draws():
    rng = np.random.default_rng(0)
    independent = rng.normal(size=(2, 4, 400, 3))
    walk = np.zeros_like(independent)
    for k in range(1, 400):  # autocorrelation 0.8: a ninth as many effective draws
        walk[:, :, k] = 0.8 * walk[:, :, k - 1] + 0.6 * independent[:, :, k]
    traces = {(1.0, 1.0, 0.5): independent, (1.0, 1.0, 0.1): walk}
    effective = {setting: effective_draws(t) for setting, t in traces.items()}
    assert effective[1.0, 1.0, 0.5] == pytest.approx(1600, rel=0.15)
    assert effective[1.0, 1.0, 0.1] == pytest.approx(1600 / 9, rel=0.35)
    cut = equal_draws(effective, traces)
    assert cut[1.0, 1.0, 0.1] == 400  # the poorest keeps all
    left = effective_draws(independent[:, :, -cut[1.0, 1.0, 0.5] :])
    assert left == pytest.approx(effective[1.0, 1.0, 0.1], rel=0.3)


def test_the_summary_is_a_mean_over_seeds_with_students_interval(run):
    curve = gaussian_by_checkpoint(run, [(80.0, 1000.0)])[0]
    table = sweep_table(run, {"weak": curve}, SETTINGS)
    seeds = [table.assign(seed=s, agreement=table["agreement"] + s / 10) for s in range(3)]
    found = sweep_summary(pd.concat(seeds, ignore_index=True))
    row = found.iloc[0]
    assert row["mean"] - row["low"] == pytest.approx(4.303 * 0.1 / np.sqrt(3), rel=1e-3)
    assert (found["seeds"] == 3).all()
    assert set(found["equal"]) == {"time", "ess", "exact"}


def test_the_exact_limit_agrees_with_itself_at_its_own_settings_only(run):
    # A setting paired with another's curve, or references not thinned as the curves are, agree
    # less with themselves.
    curves = gaussian_by_checkpoint(run, [(80.0, 1000.0), (80.0, 1e4)])
    assert np.isfinite(curves).all()
    references = {"weak": curves[0], "strong": curves[1]}
    table = sweep_table(run, references, SETTINGS)
    assert len(table) == 4 * 2 * 3  # exact, at equal time, at equal effective draws
    exact = table[table["estimator"] == "bif_gaussian"]
    keys = ["gamma", "reference", "relative_step"]
    agreement = exact.set_index(keys)["agreement"]
    for step in SETTINGS.relative_step:
        for gamma, own, other in ((1000.0, "weak", "strong"), (1e4, "strong", "weak")):
            assert agreement[gamma, own, step] == pytest.approx(1.0, abs=1e-12)
            assert agreement[gamma, other, step] < 1 - 1e-6
    assert (table["definite"] == 1).all()
