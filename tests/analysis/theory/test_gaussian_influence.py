"""The Gaussian limit and its own limits."""

from __future__ import annotations

import pytest
import torch

from analysis.estimators.instantaneous import instantaneous_influence
from analysis.theory.gaussian_influence import (
    NotPositiveDefiniteError,
    correlation,
    derivatives,
    factored_gaussian_influence,
    gaussian_influence,
    lowest_curvature,
)
from models.toy.linear_network import Weights, random_weights, sample_derivatives, sample_losses
from tests.conftest import ROUNDING


@pytest.fixture
def toy(targets):
    weights = random_weights(8, 15, 5, 0.4, 0)
    flat = torch.cat([w.flatten() for w in weights])

    def losses(w):
        return sample_losses(Weights(w[:40].view(5, 8), w[40:].view(15, 5)), targets)

    return weights, *derivatives(losses, flat)


def test_every_pair_against_the_formula_written_out(toy):
    _, g, H = toy
    value = gaussian_influence(g, H, nbeta=5.0, gamma=40.0)
    S = torch.linalg.inv(5.0 * H.mean(0) + 40.0 * torch.eye(len(g[0])))
    for i in range(8):
        for j in range(8):
            written = g[i] @ S @ g[j] + 0.5 * torch.trace(H[i] @ S @ H[j] @ S)
            assert float(value[i, j]) == pytest.approx(-float(written), rel=1e-9, abs=1e-14)
    normalized = gaussian_influence(g, H, nbeta=5.0, gamma=40.0, normalized=True)
    torch.testing.assert_close(normalized.diagonal(), -torch.ones(8).double())


def test_moments_of_a_quadratic_form_by_monte_carlo():
    # Cov of g'd + d'Hd/2 for Gaussian d: the factor 1/2 of the trace term (1 would give z = 80).
    generator = torch.Generator().manual_seed(0)
    g = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    A = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64)
    H = A + A.mT
    S = torch.linalg.inv(H.mean(0) + 10 * torch.eye(3))
    d = torch.randn(400_000, 3, generator=generator, dtype=torch.float64)
    d = d @ torch.linalg.cholesky(S).T
    losses = d @ g.T + 0.5 * torch.einsum("na,iab,nb->ni", d, H, d)
    products = (losses[:, 0] - losses[:, 0].mean()) * (losses[:, 1] - losses[:, 1].mean())
    value = -gaussian_influence(g, H, nbeta=1.0, gamma=10.0)[0, 1]
    z = (products.mean() - value) / (products.std() / len(products) ** 0.5)
    assert abs(float(z)) < 4


def test_strong_localisation_is_instantaneous_influence(toy, targets):
    weights, g, H = toy
    limit = instantaneous_influence(weights, targets)
    torch.testing.assert_close(limit, -g @ g.T, rtol=0, atol=ROUNDING)
    errors = [
        float((gamma * gaussian_influence(g, H, nbeta=5.0, gamma=gamma) - limit).norm())
        for gamma in (1e4, 1e5, 1e6)
    ]
    # First order in 1/gamma: each factor ten in gamma takes a factor ten from the error.
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.05)


def test_a_saddle_is_refused_with_the_gamma_that_would_do(toy):
    _, g, H = toy
    lowest = lowest_curvature(H)
    assert lowest < 0
    needed = -1000.0 * lowest
    with pytest.raises(NotPositiveDefiniteError, match=f"must exceed {needed:.4g}"):
        gaussian_influence(g, H, nbeta=1000.0, gamma=0.5 * needed)
    gaussian_influence(g, H, nbeta=1000.0, gamma=1.01 * needed)


def test_factored_hessians_give_the_same_influence(toy, targets):
    # A trace with one basis transposed the wrong way is off by a tenth here.
    weights, g, H = toy
    gradients, curvature = sample_derivatives(weights, targets)
    for nbeta, gamma in ((5.0, 40.0), (80.0, 1000.0)):
        fast = factored_gaussian_influence(gradients, *curvature, nbeta=nbeta, gamma=gamma)
        slow = gaussian_influence(g, H, nbeta=nbeta, gamma=gamma)
        torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-15)
        torch.testing.assert_close(
            correlation(fast),
            gaussian_influence(g, H, nbeta=nbeta, gamma=gamma, normalized=True),
            rtol=1e-12,
            atol=1e-15,
        )
    with pytest.raises(NotPositiveDefiniteError, match="gamma must exceed"):
        factored_gaussian_influence(gradients, *curvature, nbeta=80.0, gamma=1e-3)
