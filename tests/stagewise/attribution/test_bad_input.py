"""What a reader may get wrong: each is refused before sampling starts, with what was given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import stagewise
from models.storage.errors import CheckpointError
from stagewise.attribution.checks import ModelError
from stagewise.attribution.data import DataError

POSTERIOR = stagewise.Posterior(nbeta=10.0, gamma=100.0, step_size=1e-3, chains=4, draws=40)
X, Y = torch.randn(6, 3, generator=torch.manual_seed(0)), torch.tensor([0, 1, 0, 1, 0, 1])


def build():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))


def states(**changed):
    state = dict(build().state_dict())
    for name, value in changed.items():
        name = name.replace("_", ".", 1)
        state.pop(name, None)
        if value is not None:
            state[name] = value
    return {3: state}


MISSPELT = {3: {**build().state_dict(), "0.wieght": torch.ones(4, 3)}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (MISSPELT, "3 has '0.wieght', which the model does not; its nearest: 0.weight"),
        (states(**{"2_bias": None}), "step 3 lacks '2.bias' of the model; the nearest it has: "),
        (states(**{"0_weight": X}), r"'0.weight' has shape \(6, 3\), the model \(4, 3\)"),
        (states(**{"0_bias": torch.full((4,), torch.nan)}), "'0.bias' holds NaN"),
        ({}, "no checkpoints"),
        ({-1: build().state_dict()}, "step -1: allowed 0 to 1048575"),
        ({3: [1.0]}, "step 3 holds a list: a state dict is needed"),
        ({3: {"epoch": 3}}, "step 3 is no state dict: 'epoch' is a int"),
    ],
)
def test_weights_that_do_not_fit(given, message):
    with pytest.raises(CheckpointError, match=message):
        stagewise.Run.from_state_dicts(build, given)


@pytest.fixture
def run():
    torch.manual_seed(0)
    return stagewise.Run.from_state_dicts(build, {3: build().state_dict()})


def mean_loss(output, targets):
    return F.cross_entropy(output, targets)


def by_the_batch(output, targets):
    return F.cross_entropy(output, targets, reduction="none") / len(targets)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"loss": mean_loss}, r"the loss has shape \(\) for 6 samples: give one value per sample"),
        ({"loss": "hinge"}, "loss = 'hinge': choose cross_entropy, squared_error, or give a func"),
        ({"data": (X, Y[:5])}, "6 inputs and 5 targets"),
        ({"data": (X[:0], Y[:0])}, "0 inputs and 0 targets"),
        ({"data": 3.0}, "data is a float"),
        ({"data": [{"a": X[0], "b": Y[0], "c": 1}]}, "columns = None: name those of .* a, b, c"),
        ({"data": (X * torch.inf, Y)}, "step 3: the loss of sample 0 is NaN or infinite"),
    ],
)
def test_data_and_losses(run, how, message):
    how = {"data": (X, Y), "posterior": POSTERIOR, **how}
    with pytest.raises(DataError, match=message):
        run.sample(how.pop("data"), **how)


def test_a_loss_that_depends_on_the_others(run):
    with pytest.raises(ModelError, match="changes with the samples beside it"):
        run.sample((X, Y), loss=by_the_batch, posterior=POSTERIOR)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 1, 0], r"groups have shape \(3,\): a label for each of the 6 samples"),
        ({"all": [0, 1], "none": []}, "group 'none' is empty"),
        ({"far": [6]}, "group 'far' has an index beyond the 6 samples"),
        ({}, "there are no groups"),
    ],
)
def test_groups(run, groups, message):
    draws = run.sample((X, Y), posterior=POSTERIOR)
    with pytest.raises(DataError, match=message):
        draws.influence(groups)


class Stubborn(nn.Module):
    """Stays in training mode whatever it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def train(self, mode=True):
        return super().train(True)

    def forward(self, x):
        return self.inner(x)


class Random(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return self.inner(x + torch.randn_like(x))


class Batch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.inner = nn.BatchNorm1d(3, track_running_stats=False), nn.Linear(3, 2)

    def forward(self, x):
        return self.inner(self.norm(x))


class Centred(Batch):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Identity()

    def forward(self, x):
        return self.inner(x - x.mean(0))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Stubborn, "Stubborn stays in training mode after model.eval()"),
        (Random, "two forward passes of the same samples differ"),
        (Batch, r"norm normalises by the batch it sees \(track_running_stats=False\)"),
        (Centred, "a sample's loss changes with the samples beside it"),
    ],
)
def test_modules_whose_losses_are_not_those_of_weights_and_samples(kind, message):
    with pytest.raises(ModelError, match=message):
        stagewise.Run.from_state_dicts(kind, {0: kind().state_dict()}).sample(
            (X, Y), posterior=POSTERIOR
        )


def test_a_step_that_is_no_checkpoint(run):
    with pytest.raises(CheckpointError, match="step 4 is no checkpoint: 3"):
        run.sample((X, Y), posterior=POSTERIOR, steps=[4])


def test_runs_that_do_not_belong_together(run):
    draws = run.sample((X, Y), posterior=POSTERIOR)
    few, many = draws.influence({"a": [0, 1, 2]}), draws.influence({"b": [0, 1]})
    with pytest.raises(DataError, match="runs differ in their sources"):
        stagewise.find_events([few, many])
    with pytest.raises(DataError, match="1 checkpoints in all runs: at least 3"):
        stagewise.find_events(few)
    with pytest.raises(DataError, match="no influence: variables are std_error"):
        stagewise.plot(few.drop_vars("influence"))


def test_labels_of_any_kind_name_groups(run):
    draws = run.sample((X, Y), posterior=POSTERIOR)
    by_text = draws.influence(["no", "yes"] * 3)
    assert list(by_text.source.values) == ["no", "yes"]
    assert np.array_equal(by_text.influence, draws.influence(Y).influence)
