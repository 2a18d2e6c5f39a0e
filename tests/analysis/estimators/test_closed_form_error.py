"""The closed form's error, cause by cause."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimators.closed_form import closed_form_influence
from analysis.estimators.closed_form_error import CAUSES, decompose_error, relative_error
from analysis.theory.pairs import theory_influence
from models.toy.linear_network import aligned_weights, initial_mode_strength, random_weights

RECORD, RATE = list(range(0, 801, 50)), 0.05


@pytest.fixture
def decomposition(targets):
    return decompose_error(random_weights(8, 15, 16, 0.01, 0), targets, RECORD, learning_rate=RATE)


def test_the_ladder_from_training_to_the_closed_form(decomposition, targets):
    strength = initial_mode_strength(random_weights(8, 15, 16, 0.01, 0), targets)
    closed = closed_form_influence(targets.numpy(), np.array(RECORD) * RATE, strength)
    np.testing.assert_allclose(decomposition.influences[-1], closed, atol=1e-11)
    assert len(decomposition.influences) == len(CAUSES)
    assert relative_error(decomposition.first_order, decomposition.exact) < 1e-13
    # Known: 18-30 % against the true reweighting, of which the input covariance is the larger
    # part; 1-3 % from the step; what a small start leaves vanishes with it.
    ladder = (decomposition.exact, *decomposition.influences)
    errors = [relative_error(ladder[-1], rung) for rung in ladder]
    assert 0.15 < errors[0] < 0.35
    assert errors[3] < 1e-3
    changes = [relative_error(a, b) for a, b in zip(ladder[1:], ladder[:-1], strict=True)]
    assert 0.005 < changes[0] < 0.04
    assert changes[2] > 0.15


def test_from_an_aligned_start_alignment_changes_nothing(targets):
    start = aligned_weights(targets, 16, 0.03)
    decomposition = decompose_error(start, targets, RECORD, learning_rate=RATE)
    # Extrapolated small steps against the quadrature of the flow: two roads to one number.
    assert relative_error(decomposition.influences[1], decomposition.influences[0]) < 2e-4
    assert relative_error(decomposition.alone["alignment"], decomposition.exact) < 1e-12


def test_what_a_small_start_leaves_vanishes_with_it(targets):
    left, times = [], RATE * np.array(RECORD)
    for strength in (1e-2, 1e-3, 1e-4):
        turned, still = (
            theory_influence(targets.numpy(), times, strength, small_start=small, input_shift=False)
            for small in (True, False)
        )
        left.append(relative_error(turned, still))
    assert left[0] > 4 * left[1] > 16 * left[2]


def test_a_layer_too_narrow_has_no_aligned_start(targets):
    with pytest.raises(ValueError, match="hidden_width 4 is below the number of modes, 8"):
        decompose_error(random_weights(8, 15, 4, 0.01, 0), targets, [0, 1], learning_rate=RATE)
