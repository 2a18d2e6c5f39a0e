"""The closed form: every step against an independent answer."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
import torch

from analysis.estimators.closed_form import closed_form_influence
from analysis.estimators.unrolled import unrolled_influence
from analysis.theory.modes import divided_difference, half_rise_time, mode_strength
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import Weights, aligned_weights, gradient, mode_basis
from tests.conftest import UNBALANCED

SIGMA, START = 0.125, 7e-4


def test_mode_strength_solves_its_equation():
    t, s, sigma, g0 = sympy.symbols("t s sigma g0", positive=True)
    G = (s / sigma) / (1 + (s / (sigma * g0) - 1) * sympy.exp(-2 * s * t))
    assert sympy.simplify(sympy.diff(G, t) - 2 * G * (s - sigma * G)) == 0
    assert sympy.simplify(G.subs(t, 0) - g0) == 0
    numeric = sympy.lambdify((t, s, sigma, g0), G)
    for time in (0.0, 5.0, 40.0):
        mine = mode_strength(np.array(0.33), np.array(time), START, SIGMA)
        assert mine == pytest.approx(numeric(time, 0.33, SIGMA, START), rel=1e-12)


def test_half_rise_is_half_of_the_final_strength():
    s = np.array([0.48, 0.125])
    reached = mode_strength(s, half_rise_time(s, START, SIGMA), START, SIGMA)
    np.testing.assert_allclose(reached, s / SIGMA / 2, rtol=1e-12)


@pytest.mark.parametrize("gap", [0.2, 1e-3, 1e-8, 1e-13, 0.0])
@pytest.mark.parametrize("time", [0.0, 3.0, 20.0, 200.0])
def test_divided_difference_to_full_precision(gap, time):
    # mpmath with 60 digits; the plain quotient loses all of them at a gap of 1e-13.
    s = 0.216
    with mpmath.workdps(60):
        b, t = mpmath.mpf(s), mpmath.mpf(time)

        def f(x: mpmath.mpf) -> mpmath.mpf:
            x0 = x / mpmath.mpf(SIGMA)
            return x0 / (1 + (x0 / mpmath.mpf(START) - 1) * mpmath.exp(-2 * x * t))

        expected = mpmath.diff(f, b) if s + gap == s else (
            f(mpmath.mpf(s + gap)) - f(b)) / (mpmath.mpf(s + gap) - b)  # fmt: skip
        expected = float(expected)
    found = divided_difference(np.array(s + gap), np.array(s), np.array(time), START, SIGMA)
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def _map(sigma_yx: np.ndarray, time: float) -> np.ndarray:
    """U f(S) V^T computed from scratch."""
    U, s, Vt = np.linalg.svd(sigma_yx, full_matrices=False)
    return (U * mode_strength(s, np.array(time), START, 1 / Vt.shape[1])) @ Vt


@pytest.mark.parametrize("mapping", [None, UNBALANCED])
def test_equals_the_numeric_derivative_of_the_matrix_function(tree, mapping):
    # Degenerate singular values (default tree) and none (unbalanced tree), the same code.
    targets = (tree if mapping is None else Hierarchy.from_mapping(mapping)).targets()
    n, h = targets.shape[1], 1e-6
    times = np.array([2.0, 12.0, 25.0])
    found = closed_form_influence(targets, times, START)
    for k, time in enumerate(times):
        residual = _map(targets / n, time) - targets
        for p in range(n):
            shift = np.outer(targets[:, p], np.eye(n)[p]) / n
            change = (_map(targets / n + h * shift, time) - _map(targets / n - h * shift, time)) / (
                2 * h
            )
            np.testing.assert_allclose(found[k, p], (residual * change).sum(0), atol=3e-6)


def test_aligned_start_against_training_on_the_same_shift(tree, targets):
    # Known: 1-3 % at step 0.02 when only Sigma_yx is reweighted, as the closed form assumes.
    start, rate, steps = aligned_weights(targets, 16, 0.03), 0.02, [400, 800, 1200]
    h, n = 1e-5, 8
    found = closed_form_influence(tree.targets(), np.array(steps) * rate, 9e-4)
    for p in (0, 5):
        sides = []
        for sign in (1, -1):
            shift = torch.zeros_like(targets)
            shift[:, p] = sign * h * targets[:, p]
            weights, kept = start, []
            for step in range(max(steps) + 1):
                if step in steps:
                    error = weights.W2 @ weights.W1 - targets
                    kept.append(0.5 * error.square().sum(0))
                grads = gradient(weights, targets + shift, torch.ones(n, dtype=torch.float64))
                weights = Weights(*(w - rate * g for w, g in zip(weights, grads, strict=True)))
            sides.append(torch.stack(kept))
        numeric = ((sides[0] - sides[1]) / (2 * h)).numpy()
        error = np.linalg.norm(found[:, p] - numeric) / np.linalg.norm(numeric)
        assert error < 0.03


def test_departure_from_true_reweighting_is_the_known_one(tree, targets):
    # The true reweighting also changes Sigma_xx: 18-30 % in norm, correlation 0.977-0.996+.
    steps, rate = list(range(0, 2501, 50)), 0.02
    start = aligned_weights(targets, 16, 0.03)
    found = closed_form_influence(tree.targets(), np.array(steps) * rate, 9e-4)
    true = unrolled_influence(start, targets, steps, learning_rate=rate).numpy()
    error = np.linalg.norm(found - true) / np.linalg.norm(true)
    assert 0.15 < error < 0.30
    assert np.corrcoef(found.ravel(), true.ravel())[0, 1] > 0.97


def test_symmetry_of_the_tree_is_exact(tree):
    # Claim X2 in theory: pairs of one orbit have one curve; other orbits do not.
    found = closed_form_influence(tree.targets(), np.linspace(0, 50, 26), START)
    curves: dict[str, np.ndarray] = {}
    for i, a in enumerate(tree.items):
        for j, b in enumerate(tree.items):
            curve = curves.setdefault(tree.orbit(a, b), found[:, i, j])
            np.testing.assert_allclose(found[:, i, j], curve, atol=1e-12)
    assert len(curves) == 4
    first, *others = curves.values()
    assert all(np.abs(first - other).max() > 0.05 for other in others)


def test_a_vanishing_mode_or_start_is_refused():
    flat = np.ones((3, 2))  # two items with the same targets: one mode only
    with pytest.raises(ValueError, match="positive modes"):
        closed_form_influence(flat, np.array([1.0]), START)
    with pytest.raises(ValueError, match="strength"):
        closed_form_influence(np.eye(3), np.array([1.0]), 0.0)


def test_basis_reconstructs_the_covariance(tree):
    U, s, V = mode_basis(tree.targets())
    np.testing.assert_allclose((U * s) @ V.T, tree.targets() / 8, atol=1e-14)
