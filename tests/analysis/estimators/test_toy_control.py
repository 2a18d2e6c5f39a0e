"""The toy's control variate: its covariance by quadrature, its path, and what it does to errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from analysis.estimators.bif import KnownCovariance, bayesian_influence, known_covariances
from analysis.losses.toy import LinearNetworkLoss
from analysis.losses.toy_control import control_of, free_covariance
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.sampling.sgld import free_variance
from analysis.theory.gaussian_influence import factored_gaussian_influence
from models.toy.checkpoints import ToyRun
from models.toy.linear_network import random_weights, sample_derivatives
from models.toy.training import train


def test_covariance_of_the_free_losses_is_that_of_quadrature():
    # Two items, two hidden units, two features: products of two losses are polynomials of degree 8
    # in 8 Gaussian weights, which 5 Hermite nodes per weight integrate exactly.
    generator = torch.Generator().manual_seed(0)
    W1, W2, targets = torch.randn(3, 2, 2, generator=generator, dtype=torch.float64)
    variance = 0.3
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    grid = torch.tensor(list(itertools.product(nodes, repeat=8))).view(-1, 2, 2, 2)
    each = torch.tensor(list(itertools.product(weights / weights.sum(), repeat=8))).prod(1)
    moved = torch.stack([W1, W2]) + variance**0.5 * grid
    losses = LinearNetworkLoss(targets)({"W1": moved[:, 0], "W2": moved[:, 1]}, None)
    centred = losses - each @ losses
    expected = centred.T @ (each[:, None] * centred)
    found = free_covariance(W1, W2, targets, variance)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=0)


@pytest.mark.parametrize("integrator", ["euler", "exponential"])
def test_the_free_path_has_the_variance_it_is_said_to_have(integrator):
    # With losses that pull hard the path must not feel them. At step x gamma = 1 plain SGLD is a
    # third too large, 30 standard errors.
    config = PosteriorConfig(
        nbeta=50.0, gamma=10.0, step_size=0.1, chains=40, draws=60, burn_in=10,
        integrator=integrator,
    )  # fmt: skip
    draws = sample_posterior(
        lambda p, _: 0.01 * p["w"].square().sum(1, keepdim=True), {"w": torch.zeros(1, 30)},
        config, seed=0, control=lambda _: lambda paths: paths,
    )  # fmt: skip
    assert draws.controls is not None
    per_chain = draws.controls[0].double().square().mean((1, 2))
    z = (per_chain.mean() - free_variance(config)) / (per_chain.std() / 40**0.5)
    assert abs(float(z)) < 4
    assert free_variance(config) == pytest.approx(0.1 / (0.75 if integrator == "euler" else 1))


def test_a_control_that_is_the_losses_leaves_what_is_known():
    traces = np.random.default_rng(0).normal(size=(20, 30, 3))
    known = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 2.0]])
    control = KnownCovariance(traces, known)
    value, error = bayesian_influence(traces, control=control)
    np.testing.assert_allclose(value, -known, atol=1e-12)
    np.testing.assert_allclose(error, 0, atol=1e-12)
    value, _ = bayesian_influence(traces, control=control, normalized=True)
    np.testing.assert_allclose(value, -known / 2, atol=1e-12)


def test_a_control_without_relation_adds_what_it_sampled_and_its_noise():
    rng = np.random.default_rng(1)
    traces, other = rng.normal(size=(2, 20, 200, 3))
    traces[3, 7] = np.nan  # a chain that diverged is left out of both
    control = KnownCovariance(other, np.eye(3))
    value, error = bayesian_influence(traces, control=control)
    kept = np.arange(20) != 3
    plain, plain_error = bayesian_influence(traces[kept])
    sampled = np.cov(other[kept].reshape(-1, 3).T)
    np.testing.assert_allclose(value, plain + sampled - np.eye(3), atol=1e-10)
    assert 1.2 < np.median(error / plain_error) < 1.7  # about the root of two


@pytest.mark.parametrize("settings", [{}, {"integrator": "exponential"}, {"batch_size": 3}])
def test_influence_is_the_same_and_its_error_far_smaller(targets, settings):
    steps = [0, 200, 420, 1000]
    weights = train(random_weights(8, 15, 16, 0.01, 0), targets, steps, learning_rate=0.05)
    posterior = PosteriorConfig(draws=400, **settings)
    loss = LinearNetworkLoss(targets.float())
    draws = sample_posterior(
        loss, weights._asdict(), posterior, seed=0, control=control_of(loss, weights._asdict())
    )
    names = tuple(map(str, range(8))), tuple(map(str, range(15)))
    run = ToyRun(torch.tensor(steps), weights, targets, 0.05, *names, seed=0)
    controls = known_covariances(draws, run, posterior)
    assert controls is not None
    pairs = ~np.eye(8, dtype=bool)
    off, size = 0.0, 0.0
    for k, control in enumerate(controls):
        traces = draws.losses[k].numpy()
        (plain, error), (better, small) = (
            bayesian_influence(traces, control=c) for c in (None, control)
        )
        assert (np.abs(plain - better) < 4.5 * error).all()
        assert np.median(small / error) < 0.2
        here = type(weights)(weights.W1[k], weights.W2[k])
        gradients, curvature = sample_derivatives(here, targets)
        exact = factored_gaussian_influence(gradients, *curvature, nbeta=80.0, gamma=1000.0).numpy()
        off += ((better - exact)[pairs] ** 2).sum()
        size += (exact[pairs] ** 2).sum()
    # Without it 25 % with so few draws; what is left is the step's and what is not Gaussian.
    assert off**0.5 < 0.1 * size**0.5
