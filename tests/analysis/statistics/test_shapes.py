"""Shapes of curves apart from their time and size."""

from __future__ import annotations

import numpy as np

from analysis.statistics.shapes import (
    against_dealt,
    same_stretches,
    stretched_correlations,
    stretches,
)

STEPS = np.arange(0.0, 1001.0, 20.0)


def bump(center: float, width: float = 60.0) -> np.ndarray:
    return np.exp(-(((STEPS - center) / width) ** 2) / 2)


def test_small_wiggles_are_no_stretch():
    helps_then_harms = bump(430) - bump(200)
    assert stretches(helps_then_harms) == "-+"
    assert stretches(helps_then_harms + 0.2 * np.sin(STEPS / 20)) == "-+"
    assert stretches(-helps_then_harms) == "+-"
    assert stretches(bump(200) + 0.24 * -bump(600)) == "+"
    assert stretches(bump(200) + 0.26 * -bump(600)) == "+-"


def test_a_later_copy_agrees_once_time_is_stretched():
    early, other = bump(430) - bump(200), bump(200) - 0.5 * bump(700)
    late = np.interp(STEPS / 1.2, STEPS, early)
    first, second = np.stack([early, other], 1), np.stack([late, other], 1)
    found = stretched_correlations(first, second, STEPS)
    assert found[0, 0] > 0.999
    assert np.corrcoef(early, late)[0, 1] < 0.85  # point by point it does not
    assert found[1, 1] == np.float64(found[1, 1])
    np.testing.assert_allclose(found[1, 1], 1.0)  # a factor of 1 is among those tried
    assert found[0, 1] < 0.95
    assert (stretched_correlations(first, 0 * second, STEPS) == 0).all()
    np.testing.assert_array_equal(same_stretches(first, second), [[1, 0], [0, 1]])


def test_dealt_curves_tell_agreement_from_chance():
    rng = np.random.default_rng(0)
    matched = np.stack([np.eye(20) + rng.normal(0, 0.1, (20, 20)) for _ in range(3)])
    chance, p_value = against_dealt(matched, rng, 200, middle=True)
    assert abs(chance) < 0.2
    assert p_value < 0.01
    alike = np.ones((3, 20, 20))  # every pair has one shape: nothing can be told from chance
    assert against_dealt(alike, rng, 50, middle=False) == (1.0, 1.0)
