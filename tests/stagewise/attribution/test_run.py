"""Attribution of any module, as a reader would call it."""

from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import stagewise
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.posterior import sample_posterior
from analysis.tables.curves import influence_array
from stagewise.provenance.store import read_provenance, read_table
from tests.stagewise.attribution.conftest import POSTERIOR


class Reader(nn.Module):
    """A two-layer GRU that says which of three symbols came first."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(3, 6)
        self.gru = nn.GRU(6, 8, num_layers=2, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, symbols):
        return self.out(self.gru(self.embed(symbols))[0][:, -1])


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
    code = "import sys, stagewise; assert 'torch' not in sys.modules; stagewise.Posterior; "
    code += "assert 'torch' not in sys.modules; assert 'Run' in dir(stagewise)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="stagewise has no 'Rum'; it has Posterior"):
        stagewise.Rum  # noqa: B018


def test_a_file_that_hides_a_package_of_the_project_is_named(tmp_path):
    (tmp_path / "models.py").write_text("mine = 1\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import stagewise; stagewise.Run"], cwd=tmp_path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert "models.py hides the project's package 'models': rename it" in done.stderr
