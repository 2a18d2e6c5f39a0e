"""Attribution of any module, as a reader would call it."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import stagewise
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.posterior import sample_posterior
from analysis.tables.curves import influence_array
from stagewise.attribution.checks import ModelError
from stagewise.attribution.data import DataError
from stagewise.provenance.store import read_provenance, read_table


class Reader(nn.Module):
    """A two-layer GRU that says which of three symbols came first."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(3, 6)
        self.gru = nn.GRU(6, 8, num_layers=2, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, symbols):
        return self.out(self.gru(self.embed(symbols))[0][:, -1])


POSTERIOR = stagewise.Posterior(
    nbeta=30.0, gamma=300.0, step_size=1e-3, chains=4, draws=60, burn_in=20
)


@pytest.fixture(scope="module")
def task():
    inputs = torch.randint(0, 3, (30, 5), generator=torch.manual_seed(0))
    return inputs, inputs[:, 0].clone()


@pytest.fixture(scope="module")
def checkpoints(task):
    torch.manual_seed(0)
    model, (inputs, targets) = Reader(), task
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    kept = {}
    for step in range(121):
        if step % 40 == 0:
            kept[step] = {name: p.clone() for name, p in model.state_dict().items()}
        optimizer.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    return kept


@pytest.fixture(scope="module")
def draws(task, checkpoints):
    run = stagewise.Run.from_state_dicts(Reader, checkpoints)
    return run.sample(task, loss="cross_entropy", posterior=POSTERIOR, seed=0)


def test_a_reader_gets_from_checkpoints_to_a_figure(draws, task, tmp_path):
    found = draws.influence(groups=task[1])
    assert dict(found.sizes) == {"step": 4, "source": 3, "target": 3}
    assert list(found.step.values) == [0, 40, 80, 120]
    assert bool((found.std_error > 0).all())
    # A class is learnt by its own samples: they help one another throughout.
    assert bool((found.influence.values[:, range(3), range(3)] < 0).all())
    events = stagewise.find_events(found)
    assert list(events.columns)[:6] == [
        "experiment", "estimator", "source", "target", "kind", "step",
    ]  # fmt: skip
    stagewise.plot(found, events).savefig(tmp_path / "own.png")
    assert (tmp_path / "own.png").stat().st_size > 10_000


def test_results_carry_units_seed_and_versions(draws, tmp_path):
    found = draws.influence(normalized=True)
    assert (found.influence.attrs["unit"], found.attrs["seed"]) == ("1", 0)
    assert "negative: the source helps" in found.influence.attrs["sign"]
    assert "torch" in found.attrs["packages"]
    assert np.allclose(found.influence.values[:, range(30), range(30)], -1)
    data = draws.to_inference_data()
    assert data.posterior["loss"].dims == ("chain", "draw", "step", "sample")


def test_the_table_is_that_of_the_pipeline(draws, task, tmp_path):
    table = read_table(draws.to_parquet(tmp_path / "influence.parquet", task[1]))
    raw = influence_array(table[~table["normalized"]])
    assert np.allclose(raw.values[0], draws.influence(task[1]).influence.values)
    assert read_provenance(tmp_path / "influence.parquet")["seed"] == 0


def test_what_cannot_be_batched_is_said_once(task, checkpoints, caplog):
    run = stagewise.Run.from_state_dicts(Reader, checkpoints)
    few = POSTERIOR.model_copy(update={"draws": 8, "burn_in": 0})
    with caplog.at_level(logging.WARNING, logger="analysis.losses.module"):
        run.sample(task, posterior=few)
    said = [r.getMessage() for r in caplog.records if r.name == "analysis.losses.module"]
    assert len(said) == 1
    assert "gru.input has no batching rule: chains run one after another" in said[0]


def test_a_linear_network_gives_what_its_own_loss_gives():
    x = torch.eye(4, dtype=torch.float64)
    y = torch.randn(4, 5, generator=torch.manual_seed(1), dtype=torch.float64)
    first, second = torch.randn(2, 6, 5, generator=torch.manual_seed(2), dtype=torch.float64)

    def build():
        return nn.Sequential(nn.Linear(4, 6, bias=False), nn.Linear(6, 5, bias=False))

    weights = {"0.weight": first[:, :4], "1.weight": second.T[:5]}
    how = POSTERIOR.model_copy(update={"dtype": "float64"})
    run = stagewise.Run.from_state_dicts(lambda: build().double(), {7: weights})
    own = run.sample((x, y), loss="squared_error", posterior=how, seed=3)
    stacks = {"W1": weights["0.weight"][None], "W2": weights["1.weight"][None]}
    theirs = sample_posterior(LinearNetworkLoss(y.T), stacks, how, seed=3, streams=[7])
    assert torch.allclose(own.draws.losses, theirs.losses, rtol=1e-5)


def test_bayesian_linear_regression_is_met():
    """Losses of a Gaussian posterior have a covariance in closed form."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    nbeta, gamma = 8.0, 20.0
    start = np.linalg.lstsq(X, y, rcond=None)[0]  # where the mean loss is least
    precision = nbeta * X.T @ X / len(X) + gamma * np.eye(3)
    S = np.linalg.inv(precision)
    residual = X @ start - y
    linear = X * residual[:, None]  # loss = c + linear . d + (X d)^2 / 2
    XS = X @ S @ X.T
    exact = -(linear @ S @ linear.T + 0.5 * XS**2)
    how = stagewise.Posterior(
        nbeta=nbeta, gamma=gamma, step_size=2e-3, chains=32, draws=1500, burn_in=300, thinning=5
    )
    weights = {0: {"weight": torch.tensor(start, dtype=torch.float32)[None]}}
    run = stagewise.Run.from_state_dicts(lambda: nn.Linear(3, 1, bias=False), weights)
    data = torch.tensor(X, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    draws = run.sample(data, loss="squared_error", posterior=how, seed=1)
    found = draws.influence()
    z = (found.influence.values[0] - exact) / found.std_error.values[0]
    assert np.abs(z).max() < 4.5
    assert np.sqrt((z**2).mean()) < 1.5
    assert draws.check().trusted, str(draws.check())


class Tied(nn.Module):
    """Embedding and unembedding are one matrix; a buffer scales, a frozen vector shifts."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.out = nn.Linear(4, 5, bias=False)
        self.out.weight = self.embed.weight
        self.norm = nn.BatchNorm1d(4)
        self.shift = nn.Parameter(torch.ones(4), requires_grad=False)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.out(self.drop(self.norm(self.embed(x)) + self.shift))


def tied_states(steps=(0, 5)):
    torch.manual_seed(0)
    model = Tied()
    states = {}
    for step in steps:
        model.norm.running_mean += 1.0  # buffers differ from checkpoint to checkpoint
        states[step] = {name: a.clone() for name, a in model.state_dict().items()}
    return states


TOKENS = torch.arange(5), torch.arange(5).roll(1)


def test_tied_frozen_and_buffers_are_held_as_they_are():
    states = tied_states()
    run = stagewise.Run.from_state_dicts(Tied, states)
    weights = run.weights([0, 5], None)
    assert set(weights.moved) == {"embed.weight", "norm.weight", "norm.bias"}
    assert {"shift", "norm.running_mean", "norm.running_var"} <= set(weights.held)
    draws = run.sample(TOKENS, posterior=POSTERIOR)
    for k, state in enumerate(states.values()):
        model = Tied().eval()
        model.load_state_dict(state)
        own = F.cross_entropy(model(TOKENS[0]), TOKENS[1], reduction="none")
        assert torch.allclose(draws.draws.checkpoint_losses[k], own, atol=1e-5)


def test_a_part_of_the_parameters_can_be_sampled():
    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    weights = run.weights([0], "norm.*")
    assert set(weights.moved) == {"norm.weight", "norm.bias"}
    draws = run.sample(TOKENS, posterior=POSTERIOR, parameters="norm.*")
    assert draws.draws.n_parameters == 8
    with pytest.raises(ModelError, match=r"parameters = 'layers\.\*' fits none .* embed.weight"):
        run.sample(TOKENS, posterior=POSTERIOR, parameters="layers.*")


def test_a_checkpoint_gets_the_same_draws_whichever_others_run_with_it():
    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    both = run.sample(TOKENS, posterior=POSTERIOR).draws.losses
    alone = run.sample(TOKENS, posterior=POSTERIOR, steps=[5]).draws.losses
    assert torch.equal(both[1], alone[0])


def test_losses_per_token_are_grouped_by_token(task):
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.out = nn.Embedding(3, 4), nn.Linear(4, 3)

        def forward(self, x):
            return self.out(self.embed(x))

    tokens = task[0][:8]
    torch.manual_seed(0)
    run = stagewise.Run.from_state_dicts(Tagger, {0: Tagger().state_dict()})
    draws = run.sample((tokens, tokens), posterior=POSTERIOR)
    assert (draws.samples, draws.tokens) == (8, 5)
    found = draws.influence(tokens)
    assert found.influence.shape == (1, 3, 3)
    with pytest.raises(DataError, match="each sample has 5 losses: name groups"):
        draws.influence()


@pytest.mark.parametrize("given", ["dictionary", "tuple", "rows", "pairs"])
def test_data_come_in_many_forms(given):
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.ones(2))

        def forward(self, a, b=None):
            return (a * self.w).sum(-1, keepdim=True) + (
                0 if b is None else b.sum(-1, keepdim=True)
            )

    a, b = torch.randn(2, 6, 2, generator=torch.manual_seed(0))
    y = torch.zeros(6, 1)
    data = {
        "dictionary": ({"a": a, "b": b}, y),
        "tuple": ((a, b), y),
        "rows": [{"x": one, "y": other} for one, other in zip(a, y, strict=True)],
        "pairs": torch.utils.data.TensorDataset(a, y),
    }[given]
    run = stagewise.Run.from_state_dicts(Sum, {0: Sum().state_dict()})
    draws = run.sample(data, loss="squared_error", posterior=POSTERIOR)
    total = a.sum(-1) + (b.sum(-1) if given in ("dictionary", "tuple") else 0)
    assert torch.allclose(draws.draws.checkpoint_losses[0], 0.5 * total**2, atol=1e-5)


def test_influence_is_between_data_that_are_observed():
    x, y = torch.randn(20, 3, generator=torch.manual_seed(0)), torch.zeros(20, 1)
    run = stagewise.Run.from_state_dicts(lambda: nn.Linear(3, 1), {0: nn.Linear(3, 1).state_dict()})
    few = POSTERIOR.model_copy(update={"batch_size": 4})
    draws = run.sample((x, y), loss="squared_error", posterior=few, observed=(x[:7], y[:7]))
    assert draws.influence().influence.shape == (1, 7, 7)


def test_memory_that_does_not_do_is_shared_out(monkeypatch, caplog):
    import stagewise.attribution.run as module

    real, sizes = module.sample_posterior, []

    def scarce(*args, chunk_chains=None, **kwargs):
        sizes.append(chunk_chains)
        if chunk_chains is None or chunk_chains > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 10 GiB")
        return real(*args, chunk_chains=chunk_chains, **kwargs)

    run = stagewise.Run.from_state_dicts(Tied, tied_states())
    plenty = run.sample(TOKENS, posterior=POSTERIOR).draws.losses
    monkeypatch.setattr(module, "sample_posterior", scarce)
    assert torch.equal(run.sample(TOKENS, posterior=POSTERIOR).draws.losses, plenty)
    assert sizes == [None, 4, 2]
    assert "memory does not do: at most 2 chains at once" in caplog.text


def test_learning_coefficients_rise_with_the_losses(draws):
    table = draws.learning_coefficients()
    assert list(table.columns) == ["step", "llc", "std_error"]
    k = 2
    expected = 30.0 * float(draws.draws.losses[k].mean() - draws.draws.checkpoint_losses[k].mean())
    assert table["llc"][k] == pytest.approx(expected, rel=1e-4)


def test_unmixed_chains_are_told_what_to_change(task, checkpoints):
    run = stagewise.Run.from_state_dicts(Reader, checkpoints)
    short = POSTERIOR.model_copy(update={"draws": 10, "burn_in": 0, "step_size": 1e-5})
    report = run.sample(task, posterior=short).check()
    assert not report.trusted
    assert "raise draws (10)" in str(report)
    long = POSTERIOR.model_copy(update={"step_size": 3e-3, "draws": 400})
    assert "variances are 29% too large" in str(run.sample(task, posterior=long, steps=[0]).check())


def test_suggested_settings_can_be_trusted():
    x = torch.randn(40, 4, generator=torch.manual_seed(0))
    y = (x[:, 0] * x[:, 1] > 0).long()

    def build():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))

    run = stagewise.Run.from_state_dicts(build, {0: build().state_dict()})
    proposed = stagewise.suggest(run, (x, y))
    assert proposed.posterior.nbeta == 40
    assert proposed.seconds > 0
    assert len(proposed.reasons) == 6
    assert run.sample((x, y), posterior=proposed.posterior).check().trusted


def test_importing_loads_no_torch():
    import subprocess
    import sys

    code = "import sys, stagewise; assert 'torch' not in sys.modules; stagewise.Posterior; "
    code += "assert 'torch' not in sys.modules; assert 'Run' in dir(stagewise)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="stagewise has no 'Rum'; it has Posterior"):
        stagewise.Rum  # noqa: B018
