"""The exponential integrator: exact where losses are flat, SGLD where steps are short."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig


def quadratic(curvature: float):
    """Losses w^2 x curvature / 2 of one sample; the mean of w^2 is what is measured."""

    def loss(parameters, batch):
        return curvature / 2 * parameters["w"].square().sum(1, keepdim=True)

    return loss


def variance(integrator: str, step: float, curvature: float, preconditioner: str = "none") -> float:
    config = PosteriorConfig(
        nbeta=1.0, gamma=4.0, step_size=step, chains=64, draws=400, burn_in=50,
        integrator=integrator, preconditioner=preconditioner, dtype="float64",
    )  # fmt: skip
    draws = sample_posterior(
        quadratic(curvature), {"w": torch.zeros(1, 50)}, config, seed=1,
        observe=lambda p: p["w"].square().mean(1, keepdim=True),
    )  # fmt: skip
    return float(draws.losses.mean())


@pytest.mark.parametrize("step", [0.1, 0.5, 2.0])
def test_flat_losses_give_the_prior_at_any_step(step):
    # 1/gamma; plain SGLD would give 1/gamma / (1 - step gamma / 4): 11 %, 100 %, and diverge.
    assert variance("exponential", step, 0.0) == pytest.approx(0.25, rel=0.01)


def test_stationary_variance_is_the_one_of_the_recursion():
    # w <- r w + noise with r = e - (1 - e) h / gamma and noise (1 - e^2) / gamma, e = exp(-a/2).
    step, h, gamma = 0.25, 6.0, 4.0
    e = np.exp(-step * gamma / 2)
    expected = (1 - e**2) / gamma / (1 - (e - (1 - e) * h / gamma) ** 2)
    assert variance("exponential", step, h) == pytest.approx(expected, rel=0.01)


def test_short_steps_agree_with_sgld_and_the_posterior():
    for integrator in ("euler", "exponential"):
        assert variance(integrator, 0.02, 6.0) == pytest.approx(0.1, rel=0.06)


def test_preconditioned_steps_keep_the_prior_too():
    assert variance("exponential", 0.05, 0.0, "rmsprop") == pytest.approx(0.25, rel=0.01)


def test_euler_is_plain_sgld():
    # One step of the update in the docstring, written out.
    config = PosteriorConfig(nbeta=3.0, gamma=5.0, step_size=0.01, chains=1, draws=2, burn_in=0)
    start = torch.tensor([[2.0, -1.0]])
    seen = sample_posterior(
        quadratic(7.0),
        {"w": start},
        config,
        seed=0,
        noise=0.0,
        n_samples=1,
        observe=lambda p: p["w"].clone(),
    ).losses[0, 0]
    w, expected = start[0], []
    for _ in range(2):
        w = w - 0.005 * (3.0 * 7.0 * w + 5.0 * (w - start[0]))
        expected.append(w)
    assert torch.allclose(seen, torch.stack(expected), atol=1e-6)
