"""Agreement of BIF with retraining by the sampler's settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analysis.estimators.bif_gaussian import gaussian_by_checkpoint
from analysis.estimators.sampler_sweep import SweepSettings, shape_agreement, sweep_table
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import random_weights
from models.toy.training import recorded_steps, train

SETTINGS = SweepSettings(
    nbeta=[80.0], gamma=[1000.0, 1e4], relative_step=[0.1, 0.5], chains=4, draws=50, every=2
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


def test_agreement_is_of_shapes_whatever_their_scale():
    curve = np.random.default_rng(0).normal(size=(9, 3, 3))
    rng = np.random.default_rng(1)
    for factor in (5.0, -0.1):
        found = shape_agreement(curve, factor * curve + 3, rng, bootstrap=50)
        np.testing.assert_allclose(found, np.sign(factor), rtol=1e-12)


def test_the_exact_limit_agrees_with_itself_at_its_own_settings_only(run):
    # A setting paired with another's curve, or references not thinned as the curves are, agree
    # less with themselves.
    curves = gaussian_by_checkpoint(run, [(80.0, 1000.0), (80.0, 1e4)])
    assert np.isfinite(curves).all()
    references = {"weak": curves[0], "strong": curves[1]}
    table = sweep_table(run, references, SETTINGS)
    assert len(table) == 4 * 2 * 2
    exact = table[table["estimator"] == "bif_gaussian"]
    keys = ["gamma", "reference", "relative_step"]
    agreement = exact.set_index(keys)["agreement"]
    for step in SETTINGS.relative_step:
        for gamma, own, other in ((1000.0, "weak", "strong"), (1e4, "strong", "weak")):
            assert agreement[gamma, own, step] == pytest.approx(1.0, abs=1e-12)
            assert agreement[gamma, other, step] < 1 - 1e-6
    assert (table["definite"] == 1).all()
