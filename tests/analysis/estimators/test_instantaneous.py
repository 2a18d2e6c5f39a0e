"""Strongly localised BIF against its limit, as a table."""

from __future__ import annotations

import pytest
import torch

from analysis.estimators.instantaneous import limit_table
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import random_weights
from models.toy.training import recorded_steps, train

RECORD = recorded_steps(400, 40)


def test_the_error_falls_as_one_over_gamma_and_weak_localisation_is_left_out(tree, targets):
    weights = train(random_weights(8, 15, 16, 0.1, 0), targets, RECORD, learning_rate=0.05)
    run = ToyRun(torch.tensor(RECORD), weights, targets, 0.05, tree.items, tree.features, seed=2)
    table = limit_table(run, nbeta=80.0, gammas=[1e-3, 1e5, 1e6], every=3)
    assert set(table["gamma"]) == {1e5, 1e6}  # 1e-3: no saddle has a posterior that weak
    errors = table.pivot(index="step", columns="gamma", values="relative_error")
    assert errors.index.tolist() == RECORD[::3]
    ratio = (errors[1e5] / errors[1e6]).to_numpy()
    assert ratio == pytest.approx(10, rel=0.05)
    assert (table["sign_agreement"] > 0.9).all()
    assert (table["seed"] == 2).all()
