"""What a reader's honest code does, and what must not pass in silence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import stagewise
from models.storage.errors import CheckpointError
from stagewise.attribution.checks import ModelError
from stagewise.attribution.data import DataError
from tests.stagewise.attribution.conftest import POSTERIOR

X = torch.randn(8, 3, generator=torch.manual_seed(0))
Y = (X[:, 0] > 0).long()


def linear(outputs: int = 2):
    return lambda: nn.Linear(3, outputs)


def run_of(build, steps=(0,)) -> stagewise.Run:
    torch.manual_seed(0)
    return stagewise.Run.from_state_dicts(build, {s: build().state_dict() for s in steps})


def test_weights_kept_without_a_copy_are_refused():
    model = nn.Linear(3, 2)
    kept = {step: model.state_dict() for step in (0, 5)}
    with pytest.raises(CheckpointError, match=r"steps 0 and 5 share their memory .* a\.clone\(\)"):
        stagewise.Run.from_state_dicts(linear(), kept)


def test_training_on_does_not_change_a_run():
    model = nn.Linear(3, 2)
    run = stagewise.Run.from_state_dicts(linear(), {0: model.state_dict()})
    before = run.weights([0], None).moved["weight"].clone()
    with torch.no_grad():
        model.weight += 1.0
    assert torch.equal(run.weights([0], None).moved["weight"], before)


def test_a_mask_is_a_group_and_not_two_indices():
    draws = run_of(linear()).sample((X, Y), posterior=POSTERIOR)
    by_mask, by_index = (
        draws.influence({"a": g}).influence for g in (Y == 1, (Y == 1).nonzero()[:, 0])
    )
    assert torch.equal(torch.tensor(by_mask.values), torch.tensor(by_index.values))
    with pytest.raises(DataError, match="group 'a': a mask of 3 for 8 samples"):
        draws.influence({"a": [True, False, True]})
    with pytest.raises(DataError, match=r"group 'a' has 0\.7.*: indices are whole numbers"):
        draws.influence({"a": [0.75, 1.0]})


class Summed(nn.Module):
    """Sees the samples before: the first axis is time."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return self.inner(x.cumsum(0))


def test_samples_that_see_those_before_them_are_refused():
    with pytest.raises(ModelError, match="is the batch not the first axis"):
        run_of(Summed).sample((X, Y), posterior=POSTERIOR)


class Shared(nn.Module):
    """One buffer under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.a, self.b = nn.Linear(3, 2), nn.Module(), nn.Module()
        scale = torch.ones(3)
        self.a.register_buffer("scale", scale)
        self.b.register_buffer("scale", scale)

    def forward(self, x):
        return self.inner(x * self.b.scale)


def test_a_buffer_under_two_names_is_that_of_the_checkpoint():
    model = Shared()
    model.a.scale.fill_(3.0)
    run = stagewise.Run.from_state_dicts(Shared, {0: model.state_dict()})
    draws = run.sample((X, Y), posterior=POSTERIOR)
    own = nn.functional.cross_entropy(model(X), Y, reduction="none")
    assert torch.allclose(draws.draws.checkpoint_losses[0], own, atol=1e-5)


@pytest.mark.parametrize(
    ("outputs", "targets", "loss", "message"),
    [
        (3, torch.zeros(8, 1), "squared_error", r"an output \(8, 3\) needs targets of that shape"),
        (
            2,
            torch.zeros(8),
            "cross_entropy",
            r"needs class indices \(8,\); targets are torch.float",
        ),
        (2, torch.zeros(8, 2), "cross_entropy", "needs class indices"),
        (
            2,
            torch.full((8,), -100),
            "cross_entropy",
            "the model or the loss fails on these samples",
        ),
        (2, torch.full((8,), 7), "cross_entropy", "the model or the loss fails on these samples"),
    ],
)
def test_targets_that_do_not_fit_are_refused(outputs, targets, loss, message):
    with pytest.raises(DataError, match=message):
        run_of(linear(outputs)).sample((X, targets), loss=loss, posterior=POSTERIOR)


def test_steps_are_taken_in_order_and_once():
    draws = run_of(linear(), (0, 1, 2, 4)).sample((X, Y), posterior=POSTERIOR, steps=[4, 0, 2, 4])
    assert draws.steps == [0, 2, 4]
    turned = draws.influence({"a": Y == 1, "b": Y == 0}).isel(step=[2, 0, 1])
    columns = ["source", "target", "kind", "step"]
    events = stagewise.find_events(turned)[columns]
    assert events.equals(stagewise.find_events(turned.sortby("step"))[columns])
    with pytest.raises(CheckpointError, match="steps is empty"):
        run_of(linear()).sample((X, Y), posterior=POSTERIOR, steps=[])


def test_another_training_in_the_folder_is_not_mixed_in(tmp_path):
    stagewise.Recorder(tmp_path, steps=[0, 5])(5, nn.Linear(3, 2))
    again = stagewise.Recorder(tmp_path, steps=[0, 5])
    with pytest.raises(CheckpointError, match=r"another training \(steps 5, ...\): resume"):
        again(0, nn.Linear(3, 2))
    anew = stagewise.Recorder(tmp_path, steps=[0, 5], overwrite=True)
    anew(0, nn.Linear(3, 2))
    assert anew.kept == [0]


def test_learning_coefficients_want_the_losses_of_the_posterior():
    draws = run_of(linear()).sample((X, Y), posterior=POSTERIOR, observed=(X[:3], Y[:3]))
    with pytest.raises(DataError, match="sample without observed"):
        draws.learning_coefficients()


def test_draws_that_say_nothing_are_not_trusted():
    few = POSTERIOR.model_copy(update={"chains": 16, "draws": 3})
    report = run_of(linear()).sample((X, Y), posterior=few).check()
    assert not report.trusted
    assert r"draws (3) are too few" in str(report)
    one = POSTERIOR.model_copy(update={"chains": 1, "draws": 3})
    with pytest.raises(ValueError, match="1 chains of 3 draws: too few for a standard error"):
        run_of(linear()).sample((X, Y), posterior=one)


class Spare(nn.Module):
    """Has a parameter that it does not use, and decides by the values of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.spare = nn.Linear(3, 2), nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return self.inner(torch.zeros_like(x) if bool(torch.isnan(x).any()) else x)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_unused_parameters_and_branches_on_data_are_no_obstacle(batch_size):
    how = POSTERIOR.model_copy(update={"batch_size": batch_size})
    draws = run_of(Spare).sample((X, Y), posterior=how)
    assert draws.draws.losses.isfinite().all()


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_regression_to_one_number_takes_either_shape(shape):
    run = run_of(
        lambda: nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)) if shape == (8,) else nn.Linear(3, 1)
    )
    for targets in (torch.zeros(8), torch.zeros(8, 1)):
        draws = run.sample((X, targets), loss="squared_error", posterior=POSTERIOR)
        assert draws.influence().influence.shape == (1, 8, 8)


def column_loss(output, targets):
    return (output - targets) ** 2


def test_a_loss_with_one_column_is_one_loss_per_sample():
    draws = run_of(linear(1)).sample((X, torch.zeros(8, 1)), loss=column_loss, posterior=POSTERIOR)
    assert draws.tokens is None
    with pytest.raises(ModelError, match="changes with the samples beside it"):
        run_of(linear(1)).sample((X, torch.zeros(8)), loss=column_loss, posterior=POSTERIOR)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", [np.float64, np.float32])
def test_inputs_come_in_the_precision_of_the_chains(dtype, given):
    how = POSTERIOR.model_copy(update={"dtype": dtype})
    draws = run_of(linear()).sample(
        (X.numpy().astype(given), Y.numpy()), posterior=how, seed=np.int64(3)
    )
    assert draws.draws.losses.isfinite().all()


def test_images_in_bytes_are_told_what_to_do():
    with pytest.raises(DataError, match=r"uint8: convert them, as images.float\(\) / 255"):
        run_of(linear()).sample((X.to(torch.uint8), Y), posterior=POSTERIOR)


def test_a_model_that_fits_its_data_exactly_is_sampled():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 1))
    targets = model(X).detach() + 1e-5 * torch.randn(8, 1)
    run = stagewise.Run.from_state_dicts(
        lambda: nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 1)),
        {0: model.state_dict()},
    )
    draws = run.sample((X, targets), loss="squared_error", posterior=POSTERIOR)
    assert draws.draws.losses.isfinite().all()


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return {"logits": self.inner(x), "features": x}


def test_an_output_by_name_gives_its_logits():
    assert run_of(Named).sample((X, Y), posterior=POSTERIOR).influence().sizes["source"] == 8


@pytest.mark.parametrize("where", ["data", "observed"])
def test_both_data_are_looked_at_before_sampling(where):
    bad = {"data": (X, Y), "observed": (X, Y)} | {where: (X * torch.nan, Y)}
    with pytest.raises(DataError, match="step 0: the loss of sample 0 is NaN"):
        run_of(linear()).sample(bad["data"], observed=bad["observed"], posterior=POSTERIOR)


def test_every_checkpoint_is_looked_at_before_sampling():
    states = {0: linear()().state_dict(), 9: linear()().state_dict()}
    states[9]["weight"] = torch.full((2, 3), 3e38)
    run = stagewise.Run.from_state_dicts(linear(), states)
    with pytest.raises(DataError, match="step 9: the loss of sample 0 is NaN or infinite"):
        run.sample((X, Y), posterior=POSTERIOR)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (nn.Linear(3, 2), "build_model is a module: give a function"),
        (lambda: 3, r"build_model\(\) gives a int, not a module"),
        (lambda: nn.LazyLinear(2), "weight has no shape yet: run the model once"),
    ],
)
def test_what_does_not_build_a_module_is_refused(build, message):
    with pytest.raises(ModelError, match=message):
        stagewise.Run.from_state_dicts(build, {0: nn.Linear(3, 2).state_dict()})


def test_tied_names_must_agree_and_complex_weights_are_refused():
    def tied():
        model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
        model[1].weight = model[0].weight
        return model

    with pytest.raises(CheckpointError, match=r"'0.weight' and '1.weight' differ, but are one"):
        stagewise.Run.from_state_dicts(
            tied, {0: {"0.weight": torch.ones(3, 3), "1.weight": torch.zeros(3, 3)}}
        )
    with pytest.raises(CheckpointError, match="'weight' is complex"):
        stagewise.Run.from_state_dicts(
            lambda: nn.Linear(3, 2, bias=False), {0: {"weight": torch.ones(2, 3) * 1j}}
        )


def test_a_picture_leaves_the_readers_backend_alone():
    import matplotlib

    before = matplotlib.get_backend()
    matplotlib.use("svg")
    try:
        draws = run_of(linear(), (0, 1, 2)).sample((X, Y), posterior=POSTERIOR)
        stagewise.plot(draws.influence(Y))
        assert matplotlib.get_backend().lower() == "svg"
    finally:
        matplotlib.use(before)
