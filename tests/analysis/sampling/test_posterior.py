"""The sampler against exact answers."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from analysis.estimators.bif import bayesian_influence
from analysis.losses.toy import LinearNetworkLoss
from analysis.sampling.diagnostics import diagnose
from analysis.sampling.posterior import DivergenceError, cost, sample_posterior
from analysis.sampling.settings import PosteriorConfig
from models.toy.linear_network import random_weights
from models.toy.training import train
from tests.conftest import ROUNDING


class Regression:
    """Bayesian linear regression: l_i = (x_i . w - y_i)^2 / 2, posterior exactly Gaussian."""

    def __init__(self, n: int = 6, d: int = 3) -> None:
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(n, d, generator=generator, dtype=torch.float64)
        self.y = torch.randn(n, generator=generator, dtype=torch.float64)
        self.hessians = self.x[:, :, None] * self.x[:, None, :]

    def __call__(self, parameters, batch: Tensor | None) -> Tensor:
        w = parameters["w"]
        x, y = self.x.to(w), self.y.to(w)
        if batch is None:
            return 0.5 * (w @ x.T - y).square()
        return 0.5 * (torch.einsum("cbd,cd->cb", x[batch], w) - y[batch]).square()

    @property
    def best(self) -> Tensor:
        """The minimum of the mean loss: localised there, the posterior's mean is the checkpoint."""
        return torch.linalg.lstsq(self.x, self.y[:, None]).solution[:, 0]

    @property
    def gradients(self) -> Tensor:
        return (self.x @ self.best - self.y)[:, None] * self.x


@pytest.mark.parametrize(("preconditioner", "step"), [("none", 2e-3), ("rmsprop", 3e-4)])
def test_gaussian_posterior_of_regression(device, preconditioner, step):
    # z-scores of every pair against g' S g + tr(H S H S) / 2, with S the covariance that SGLD's
    # step leaves, (K - step K^2 / 4)^-1. At step 2e-3 its bias alone would give z = 8; a factor
    # 2 in noise or drift gives z > 50. RMSprop's step is small enough for K^-1.
    model, nbeta, gamma = Regression(), 60.0, 20.0
    config = PosteriorConfig(
        nbeta=nbeta, gamma=gamma, step_size=step, chains=64, draws=1500, burn_in=400,
        thinning=1 if preconditioner == "none" else 3,
        preconditioner=preconditioner, rmsprop_decay=0.999, rmsprop_epsilon=1.0,
    )  # fmt: skip
    draws = sample_posterior(model, {"w": model.best[None]}, config, seed=3, device=device)
    K = nbeta * model.hessians.mean(0) + gamma * torch.eye(3)
    S = torch.linalg.inv(K - (step / 4 * K @ K if preconditioner == "none" else 0))
    HS, g = model.hessians @ S, model.gradients
    exact = -(g @ S @ g.T + 0.5 * torch.einsum("iab,jba->ij", HS, HS)).numpy()
    value, error = bayesian_influence(draws.losses[0].numpy())
    z = ((value - exact) / error)[np.triu_indices(6)]
    assert np.abs(z).max() < norm.isf(0.5e-3 / len(z))


@pytest.mark.parametrize("k", [1.0, 50.0])
def test_discretisation_bias_on_a_quadratic(k):
    # Var = 1 / (k (1 - eps k / 4)): at eps k = 1.6 the bias is 67 %, and must be there.
    step = 1.6 / k
    config = PosteriorConfig(
        nbeta=0.0, gamma=k, step_size=step, chains=400, draws=400, burn_in=50, dtype="float64"
    )
    draws = sample_posterior(
        lambda p, _: p["w"].square(), {"w": torch.zeros(1, 1)}, config, seed=0, n_samples=1
    )
    per_chain = draws.losses[0, :, :, 0].double().mean(1)
    expected = 1 / (k * (1 - step * k / 4))
    z = (per_chain.mean() - expected) / (per_chain.std() / math.sqrt(len(per_chain)))
    assert abs(float(z)) < 4


def test_without_noise_sgld_is_gradient_descent_pulled_to_the_anchor():
    model, steps = Regression(), 25
    config = PosteriorConfig(
        nbeta=6.0, gamma=3.0, step_size=0.05, chains=1, draws=steps, burn_in=0, dtype="float64"
    )
    checkpoint = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    draws = sample_posterior(model, {"w": checkpoint[None]}, config, seed=0, noise=0.0)
    w = checkpoint.clone()
    for step in range(steps):
        grad = (model.x @ w - model.y) @ model.x / len(model.y)
        w = w - 0.025 * (6.0 * grad + 3.0 * (w - checkpoint))
        expected = 0.5 * (model.x @ w - model.y).square()
        torch.testing.assert_close(draws.losses[0, 0, step].double(), expected, rtol=1e-6, atol=0)


def test_toy_gradient_equals_autograd(targets):
    # The hand-written gradient, full batch and mini-batch.
    loss = LinearNetworkLoss(targets)
    stack = [random_weights(8, 15, 5, 0.5, seed) for seed in range(3)]
    parameters = {
        name: torch.stack([getattr(w, name) for w in stack]).requires_grad_()
        for name in ("W1", "W2")
    }
    for batch in (None, torch.tensor([[0, 3], [7, 1], [2, 6]])):
        losses = loss(parameters, batch)
        expected = torch.autograd.grad(losses.sum(), list(parameters.values()))
        with torch.no_grad():
            again, grads = loss.losses_and_gradient(parameters, batch)
        torch.testing.assert_close(again, losses.detach(), rtol=0, atol=ROUNDING)
        for mine, theirs in zip(grads.values(), expected, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=0, atol=ROUNDING)


@pytest.fixture
def toy(targets):
    weights = train(random_weights(8, 15, 16, 0.01, 0), targets, [0, 150, 300], learning_rate=0.05)
    return LinearNetworkLoss(targets.float()), weights._asdict()


SHORT = PosteriorConfig(chains=4, draws=60, burn_in=5)


def test_draws_do_not_depend_on_chunks_threads_order_or_company(toy):
    loss, checkpoints = toy
    steps = [0, 150, 300]
    whole = sample_posterior(loss, checkpoints, SHORT, seed=1, streams=steps).losses
    for options in ({"chunk_chains": 1}, {"chunk_chains": 5, "threads": 2}):
        again = sample_posterior(loss, checkpoints, SHORT, seed=1, streams=steps, **options).losses
        # Rounding of batched products may depend on the batch; other noise would differ by 1e-2.
        torch.testing.assert_close(again, whole, rtol=0, atol=1e-6)
    some = {name: w[[2, 0]] for name, w in checkpoints.items()}
    alone = sample_posterior(loss, some, SHORT, seed=1, streams=[300, 0]).losses
    torch.testing.assert_close(alone, whole[[2, 0]], rtol=0, atol=1e-6)
    other = sample_posterior(loss, checkpoints, SHORT, seed=2, streams=steps).losses
    assert (other - whole).abs().mean() > 1e-3


def test_float32_follows_float64(toy):
    loss, checkpoints = toy
    double = LinearNetworkLoss(loss.targets.double())
    wide = SHORT.model_copy(update={"dtype": "float64"})
    a = sample_posterior(loss, checkpoints, SHORT, seed=1).losses
    b = sample_posterior(double, checkpoints, wide, seed=1).losses
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_batches_have_the_right_mean_gradient():
    # Without noise and with a tiny step, many mini-batch chains average to the full gradient.
    model = Regression()
    config = PosteriorConfig(
        nbeta=1.0, gamma=1e-9, step_size=1e-3, chains=600, draws=2, burn_in=0, batch_size=2,
        dtype="float64",
    )  # fmt: skip
    checkpoint = torch.ones(1, 3, dtype=torch.float64)
    seen: list[Tensor] = []

    def watch(parameters):
        seen.append(parameters["w"].detach().clone())
        return model(parameters, None)

    sample_posterior(
        model, {"w": checkpoint}, config, seed=0, noise=0.0, observe=watch, n_samples=6,
        chunk_chains=600,
    )  # fmt: skip
    moved = (seen[1] - checkpoint) / -0.5e-3  # after one step: the batch gradient of every chain
    full = (model.x @ checkpoint[0] - model.y) @ model.x / 6
    z = (moved.mean(0) - full) / (moved.std(0) / math.sqrt(600))
    assert float(z.abs().max()) < 4


def test_thinning_keeps_every_so_many_draws(toy):
    loss, checkpoints = toy
    every = sample_posterior(loss, checkpoints, SHORT, seed=1).losses
    thin = SHORT.model_copy(update={"thinning": 7, "draws": 8})
    kept = sample_posterior(loss, checkpoints, thin, seed=1).losses
    torch.testing.assert_close(kept, every[:, :, ::7][:, :, :8], rtol=0, atol=1e-6)


def test_divergence_is_fatal_with_advice(toy):
    loss, checkpoints = toy
    wild = SHORT.model_copy(update={"step_size": 0.05})
    with pytest.raises(
        DivergenceError, match=r"12 of 12 chains .*checkpoint\(s\) 0, 1, 2\..*try step_size 0\.0125"
    ):
        sample_posterior(loss, checkpoints, wild, seed=0)


def test_a_few_diverged_chains_are_dropped_loudly(caplog):
    # w - w^3 / 10 overshoots beyond |w| = 4.47: from 4.45 some chains fall in, some escape.
    def steep(parameters, _):
        return parameters["w"] ** 4

    config = PosteriorConfig(
        nbeta=1.0, gamma=1.0, step_size=0.05, chains=20, draws=100, burn_in=0, max_diverged=0.9
    )
    checkpoints = {"w": torch.tensor([[0.0], [4.45]])}
    with caplog.at_level(logging.WARNING):
        draws = sample_posterior(steep, checkpoints, config, seed=0)
    lost = draws.diverged.sum(1).tolist()
    assert lost[0] == 0
    assert 0 < lost[1] < 18
    assert f"{lost[1]} of 40 chains diverged and were dropped" in caplog.text
    assert bool((draws.losses.isnan().all(-1).all(-1) == draws.diverged).all())
    strict = config.model_copy(update={"max_diverged": 0.0})
    with pytest.raises(DivergenceError, match=r"at checkpoint\(s\) 40\."):
        sample_posterior(steep, checkpoints, strict, seed=0, streams=[20, 40])


def test_saddle_without_enough_localisation_is_reported(caplog):
    # Four losses -w^2/2 + w^4/40: their mean has curvature -1/4, so gamma < nbeta/4 runs away.
    def saddle(parameters, _):
        w = parameters["w"]
        return -0.5 * w**2 + w**4 / 40

    checkpoints = {"w": torch.zeros(1, 4)}
    weak = PosteriorConfig(
        nbeta=200.0, gamma=30.0, step_size=1e-3, chains=16, draws=2000, burn_in=0
    )
    strong = weak.model_copy(update={"gamma": 200.0})
    names = list("abcd")
    with caplog.at_level(logging.WARNING):
        diagnose(sample_posterior(saddle, checkpoints, strong, seed=0), strong, [7], names)
        assert "downhill" not in caplog.text
        diagnose(sample_posterior(saddle, checkpoints, weak, seed=0), weak, [7], names)
    assert "downhill from the checkpoint(s) at step 7" in caplog.text


def test_localisation_and_mixing_are_measured():
    config = PosteriorConfig(
        nbeta=0.0, gamma=50.0, step_size=0.01, chains=8, draws=4000, burn_in=50
    )
    draws = sample_posterior(lambda p, _: p["w"].square(), {"w": torch.zeros(1, 3)}, config, seed=0)
    table = diagnose(draws, config, [0], ["a", "b", "c"])
    # Only the prior acts: the distance is its expectation, up to the bias of the step (14 %).
    assert table["distance"].iloc[0] == pytest.approx(1 / (1 - 0.5 / 4), rel=0.05)
    assert table["r_hat"].max() < 1.01
    # w^2 of an autoregression with factor 1 - 0.25: 32000 draws x (1 - f^2) / (1 + f^2).
    assert table["ess"].mean() == pytest.approx(32000 * 0.28, rel=0.2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"streams": [1, 2]}, "must agree in number"),
        ({"config": SHORT.model_copy(update={"batch_size": 9})}, "batch_size 9: at most the 8"),
    ],
)
def test_bad_requests_are_refused(toy, options, message):
    loss, checkpoints = toy
    config = options.pop("config", SHORT)
    with pytest.raises(ValueError, match=message):
        sample_posterior(loss, checkpoints, config, seed=0, **options)


def test_cost_is_told_beforehand():
    text = cost(PosteriorConfig(draws=4000), checkpoints=51, parameters=368, observed=8, threads=2)
    assert "51 checkpoints x 32 chains x 4100 steps = 6.69 million chain steps" in text
    assert "0.19 GiB" in text


def test_what_is_observed_does_not_change_the_number_of_samples():
    # Nine observed columns of two samples: with n taken from the former the batches would be
    # drawn from samples that do not exist.
    centres, config = (
        torch.tensor([0.0, 1.0]),
        PosteriorConfig(nbeta=4.0, gamma=1.0, step_size=0.05, chains=2, draws=16, batch_size=1),
    )

    def loss(parameters, batch):
        chosen = centres if batch is None else centres[batch]
        return 0.5 * (parameters["w"] - chosen) ** 2

    options = {"seed": 0, "observe": lambda p: p["w"].repeat(1, 9)}
    checkpoints = {"w": torch.zeros(1, 1)}
    found = sample_posterior(loss, checkpoints, config, **options)
    told = sample_posterior(loss, checkpoints, config, **options, n_samples=2)
    assert torch.equal(found.losses, told.losses)
