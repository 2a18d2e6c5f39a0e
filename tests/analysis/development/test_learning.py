"""What was learnt when, as tables of one run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.development.learning import learning_tables
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import aligned_weights, random_weights
from models.toy.training import recorded_steps, train

RATE, STEPS = 0.02, 2500


@pytest.fixture
def run(tree, targets) -> ToyRun:
    """Training from the start that theory assumes, in small steps."""
    steps = recorded_steps(STEPS, 10)
    initial = aligned_weights(targets, 16, 0.03)
    return ToyRun(
        step=torch.tensor(steps),
        weights=train(initial, targets, steps, learning_rate=RATE),
        targets=targets,
        learning_rate=RATE,
        items=tree.items,
        features=tree.features,
        seed=4,
    )


def test_tables_follow_theory_from_its_own_start(run, tree):
    # Euler's error only: a wrong time scale, mode or item would be off by tens of per cent.
    tables = learning_tables(run, tree, theory_holds=True)
    assert all((table["seed"] == 4).all() for table in tables.values())
    modes = tables["modes"]
    final = 8 * modes["singular_value"]
    assert ((modes["measured"] - modes["theory"]).abs() / final).max() < 0.01
    each = modes.drop_duplicates("mode")
    np.testing.assert_allclose(each["middle"], each["theory_middle"], rtol=0.01)
    stages = tables["transitions"].set_index("node")
    np.testing.assert_allclose(stages["middle"], stages["theory_middle"], rtol=0.01)
    assert stages.loc["animal", "stage"] == "mammal | bird"
    assert stages.loc["organism", "middle"].max() < stages.loc["animal", "middle"]
    assert stages.loc["animal", "middle"] < stages.loc["mammal", "middle"]


def test_losses_are_those_of_the_named_item_and_step(run, tree):
    # In a balanced tree all items are alike: a random start tells them apart.
    record = run.steps
    initial = random_weights(8, 15, 16, 0.3, 0)
    run = replace(run, weights=train(initial, run.targets, record, learning_rate=RATE))
    losses = learning_tables(run, tree, theory_holds=True)["losses"].set_index(["step", "item"])
    for k in (0, 100):
        error = run.weights.W2[k] @ run.weights.W1[k] - run.targets
        for i, item in enumerate(run.items):
            wanted = 0.5 * float(error[:, i].square().sum())
            assert losses.loc[(run.steps[k], item), "loss"] == pytest.approx(wanted, rel=1e-12)


def test_where_theory_does_not_hold_it_says_nothing(run, tree):
    tables = learning_tables(run, tree, theory_holds=False)
    assert tables["modes"][["theory", "theory_middle"]].isna().all(axis=None)
    assert tables["transitions"]["theory_middle"].isna().all()
    assert tables["modes"][["measured", "middle"]].notna().all(axis=None)
