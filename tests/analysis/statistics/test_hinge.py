"""The hinge finds a bend, says how surely, and finds none in a constant."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.hinge import fit_hinge

X = np.linspace(0.0, 8.0, 25)


def bent(at: float, slope: float) -> np.ndarray:
    return 0.5 + slope * np.maximum(X - at, 0.0)


def test_an_exact_hinge_is_found_exactly():
    found = fit_hinge(X, bent(3.0, -0.7), np.full(25, 0.1))
    assert found.bend == pytest.approx(3.0, abs=8.0 / 399)
    assert found.slope == pytest.approx(-0.7, rel=0.01)
    assert found.plateau == pytest.approx(0.5, abs=0.01)
    assert found.p_value < 1e-12


def test_the_interval_covers_the_bend_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(300):
        found = fit_hinge(X, bent(4.1, -0.3) + rng.normal(0, 0.15, 25), np.full(25, 0.15))
        inside += found.low <= 4.1 <= found.high
    # 95 %: 285 +- 4; a wrong quantile of F (one for two parameters) covers 293 or more.
    assert 273 <= inside <= 297


def test_weights_count_points_by_their_errors():
    errors = np.full(25, 0.1)
    spoilt = bent(3.0, -0.7)
    spoilt[20:] += 5.0
    errors[20:] = 1e3
    assert fit_hinge(X, spoilt, errors).bend == pytest.approx(3.0, abs=0.05)


def test_a_constant_seldom_bends():
    rng = np.random.default_rng(1)
    p = [fit_hinge(X, rng.normal(0, 1, 25), np.ones(25)).p_value for _ in range(200)]
    # The best of many places beats the F distribution more often than 5 %: a gate, not a test.
    assert np.mean(np.array(p) < 0.05) < 0.25


@pytest.mark.parametrize(
    ("x", "errors"),
    [(X[:4], np.ones(4)), (X[::-1], np.ones(25)), (X, np.zeros(25))],
)
def test_too_few_points_or_errors_of_zero_are_refused(x, errors):
    with (
        pytest.raises(ValueError, match=r"a hinge needs at least 5, x ascending"),
        np.errstate(divide="ignore"),
    ):
        fit_hinge(x, np.zeros(len(x)), errors)
