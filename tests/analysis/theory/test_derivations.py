"""The theory: every step proved, wrong steps caught, formulas against independent answers."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import sympy
import torch

from analysis.estimators.closed_form import closed_form_influence
from analysis.estimators.instantaneous import instantaneous_influence
from analysis.estimators.unrolled import unrolled_influence
from analysis.theory import first_order, frechet, gaussian_limit, mode_dynamics, modes, pairs
from analysis.theory.derivation import Derivation, DerivationError, Step, check
from analysis.theory.mode_dynamics import HALF_RISE, SENSITIVITY, STRENGTH, s, share, sigma, t
from analysis.theory.tangent import first_order_influence
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import Weights, aligned_weights, random_weights
from models.toy.training import minibatches
from stagewise.tasks.theory.document import CHAPTERS
from tests.conftest import UNBALANCED

DERIVATIONS: tuple[Derivation, ...] = (
    gaussian_limit.gaussian_limit(),
    mode_dynamics.mode_dynamics(),
    frechet.matrix_function_derivative(),
    first_order.first_order(),
    pairs.pairs_of_items(),
)
STEPS = {step.name: step for derivation in DERIVATIONS for step in derivation.steps}
INPUT_VARIANCE, START = 0.125, 7e-4


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_proved_symbolically(name):
    assert check(STEPS[name]) == "symbolically"


def test_names_of_steps_are_distinct_and_unknown_ones_are_named():
    everywhere = [
        getattr(import_module(f"analysis.theory.{chapter.module}"), chapter.derivation)()
        for chapter in CHAPTERS
    ]
    names = [step.name for derivation in everywhere for step in derivation.steps]
    assert len(names) == len(set(names)) >= len(STEPS)
    with pytest.raises(KeyError, match=r"'nothing'.*strength, half_rise"):
        mode_dynamics.mode_dynamics()["nothing"]


# What each formula would be with one sign, factor or term wrong.
G = STRENGTH
WRONG = {
    "growth without its factor 2": sympy.diff(G, t) - G * (s - sigma * G),
    "late half rise": G.subs(t, HALF_RISE + 1) - s / (2 * sigma),
    "input sensitivity with the other sign": sympy.diff(G, sigma) - STRENGTH**2 * (
        1 - sympy.exp(-2 * s * t)) / s,
    "sensitivity without the shift of the half rise": sympy.diff(G, s)
    - (SENSITIVITY + share / sigma).subs(share, sigma * G / s),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_formula_is_caught(name):
    step = replace(STEPS["strength"], name=name, residuals=(WRONG[name],))
    with pytest.raises(DerivationError, match=name):
        check(step)


def test_a_wrong_sign_in_the_rotation_is_caught(monkeypatch):
    monkeypatch.setattr(frechet, "ROTATION", -frechet.ROTATION)
    with pytest.raises(DerivationError, match="derivative"):
        check(frechet.matrix_function_derivative()["derivative"])


def test_a_step_without_a_check_is_refused():
    with pytest.raises(DerivationError, match="nothing to check"):
        check(Step("empty", "", sympy.S.true, ()))


def test_what_sympy_cannot_simplify_is_checked_numerically():
    x = sympy.Symbol("x", positive=True)
    hidden = sympy.besselj(0, x) + sympy.besselj(2, x) - 2 / x * sympy.besselj(1, x)
    assert check(Step("recurrence", "", sympy.S.true, (hidden,))) in ("numerically", "symbolically")
    off = hidden + sympy.Rational(1, 10**20)
    with pytest.raises(DerivationError, match="recurrence"):
        check(Step("recurrence", "", sympy.S.true, (off,)))


def test_sensitivities_are_the_derivatives_of_the_strength():
    # Central differences; with the wrong sign of a term the difference would be of order one.
    times, h = np.linspace(0, 60, 13), 1e-6
    for s_ in (0.48, 0.125):
        up, down = (modes.mode_strength(s_ + x, times, START, INPUT_VARIANCE) for x in (h, -h))
        np.testing.assert_allclose(
            modes.sensitivity(s_, times, START, INPUT_VARIANCE), (up - down) / (2 * h), atol=1e-5
        )
        up, down = (modes.mode_strength(s_, times, START, INPUT_VARIANCE + x) for x in (h, -h))
        np.testing.assert_allclose(
            modes.input_sensitivity(s_, times, START, INPUT_VARIANCE),
            (up - down) / (2 * h),
            atol=1e-4,
        )


@pytest.mark.parametrize("initial", [1e-2, 7e-4, 1e-8])
def test_share_at_the_peak_is_where_the_product_is_highest(initial):
    times = np.linspace(0, 200, 400_001)
    strength = modes.mode_strength(0.3, times, initial, INPUT_VARIANCE)
    product = modes.sensitivity(0.3, times, initial, INPUT_VARIANCE) * (
        0.3 / INPUT_VARIANCE - strength
    )
    assert strength[product.argmax()] * INPUT_VARIANCE / 0.3 == pytest.approx(
        modes.peak_share(0.3, initial, INPUT_VARIANCE), abs=2e-4
    )


def test_peak_tends_to_a_third_from_above():
    shares = [
        modes.peak_share(0.3, initial, INPUT_VARIANCE) for initial in (1e-2, 1e-6, 1e-30, 1e-200)
    ]
    assert all(np.diff(shares) < 0)
    assert shares[-1] == pytest.approx(1 / 3, abs=2e-3)
    with pytest.raises(ValueError, match=r"not below the final 2\.4"):
        modes.peak_share(0.3, 2.4, INPUT_VARIANCE)


@pytest.mark.parametrize("function", [modes.mode_strength, modes.sensitivity])
def test_a_mode_without_strength_is_refused(function):
    with pytest.raises(ValueError, match="initial strength 0: a mode grows from a positive"):
        function(np.array(0.3), np.array(1.0), 0.0, INPUT_VARIANCE)


TREES = {"default": None, "unbalanced": UNBALANCED}


def _targets(tree: Hierarchy, name: str) -> np.ndarray:
    return (Hierarchy.from_mapping(TREES[name]) if TREES[name] else tree).targets()


@pytest.mark.parametrize("name", TREES)
def test_products_of_levels_give_the_closed_form(tree, name):
    # Two ways to the same influence: matrices in the singular basis, and levels of pairs.
    targets, times = _targets(tree, name), np.linspace(0, 60, 16)
    matrices = closed_form_influence(targets, times, START)
    by_level = pairs.theory_influence(targets, times, START, small_start=True)
    np.testing.assert_allclose(by_level, matrices, atol=1e-11)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("input_shift", [True, False])
def test_levels_are_the_flow_that_small_steps_approach(tree, name, input_shift):
    # Aligned start: the quadrature of four numbers per pair against the tangent on a fine grid.
    # Euler's error falls with the step; a wrong term would stay.
    targets, steps, scale = _targets(tree, name), [200, 600, 1000], 0.03
    start = aligned_weights(torch.tensor(targets), 16, scale)
    errors = []
    for refine in (4, 16):
        rate = 0.05 / refine
        fine = first_order_influence(
            start, torch.tensor(targets), [refine * k for k in steps], learning_rate=rate,
            input_shift=input_shift,
        ).numpy()  # fmt: skip
        flow = pairs.theory_influence(
            targets, 0.05 * np.array(steps), scale**2, input_shift=input_shift
        )
        errors.append(np.linalg.norm(fine - flow) / np.linalg.norm(flow))
    assert errors[1] < 5e-3
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("start", ["random", "aligned"])
@pytest.mark.parametrize("batch_size", [None, 3])
def test_tangent_system_is_the_unrolled_derivative(tree, name, start, batch_size):
    # To rounding; with one Sigma_xx term left out they differ by tens of per cent.
    targets = torch.tensor(_targets(tree, name))
    features, items = targets.shape
    if start == "random":
        initial = random_weights(items, features, 16, 0.1, seed=3)
    else:
        initial = aligned_weights(targets, 16, 0.1)
    batches = None if batch_size is None else minibatches(items, batch_size, 300, seed=5)
    record = [0, 60, 300]
    options = {"learning_rate": 0.05, "batches": batches}
    mine = first_order_influence(initial, targets, record, **options)
    exact = unrolled_influence(initial, targets, record, **options)
    assert (mine - exact).abs().max() < 1e-13 * exact.abs().max()
    without = first_order_influence(initial, targets, record, **options, input_shift=False)
    assert (without - exact).abs().max() > 0.02 * exact.abs().max()


def test_instantaneous_influence_is_a_product_of_two_likenesses(tree):
    targets, strength = tree.targets(), np.array([3.0, 1.2, 0.4, 0.1])
    found = pairs.levels(targets)
    np.testing.assert_allclose(found.shared.sum(0), np.eye(8), atol=1e-12)
    U, s_, Vt = np.linalg.svd(targets / 8, full_matrices=False)
    per_mode = strength[np.abs(s_[:, None] - found.s).argmin(1)]
    roots = torch.tensor(np.diag(np.sqrt(per_mode)))
    weights = (roots @ torch.tensor(Vt), torch.tensor(U) @ roots)
    direct = instantaneous_influence(Weights(*weights), torch.tensor(targets)).numpy()
    predicted = pairs.instantaneous(found, strength, 1 / 8)
    different = ~np.eye(8, dtype=bool)
    np.testing.assert_allclose(predicted[different], direct[different], atol=1e-12)


def test_equal_singular_values_everywhere_and_dependent_items():
    # Items that share nothing: one level, no influence between different items at any time.
    alone = pairs.theory_influence(np.eye(3), np.linspace(0, 40, 5), 1e-3)
    assert np.isfinite(alone).all()
    assert np.abs(alone[:, ~np.eye(3, dtype=bool)]).max() < 1e-15
    assert alone[2, 0, 0] < 0
    with pytest.raises(ValueError, match="linearly independent targets"):
        pairs.theory_influence(np.ones((3, 2)), np.array([1.0]), 1e-3)
    with pytest.raises(ValueError, match="initial strength 0"):
        pairs.theory_influence(np.eye(3), np.array([1.0]), 0.0)
