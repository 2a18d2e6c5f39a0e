"""Times predicted by theory alone."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.theory.gaussian_influence import gaussian_influence
from analysis.theory.matching import Matching, agreement, by_chance, match, table_of
from analysis.theory.predicted_times import (
    Training,
    aligned_influence,
    events_of,
    expected_strength,
    predicted_bif,
    predicted_influence,
    transition_width,
)
from models.toy.linear_network import (
    aligned_weights,
    initial_mode_strength,
    random_weights,
    sample_derivatives,
)

RATE, STRENGTH = 0.02, 9e-4


@pytest.fixture
def training(tree) -> Training:
    return Training(tree, RATE, STRENGTH, hidden_width=16)


def test_expected_strength_is_the_mean_over_networks(targets):
    # 200 networks x 8 modes; the mean of chi-square with 32 degrees has a spread of 0.6 %.
    drawn = [initial_mode_strength(random_weights(8, 15, 16, 0.01, k), targets) for k in range(200)]
    assert np.mean(drawn) == pytest.approx(expected_strength(0.01, 16, "random"), rel=0.03)
    aligned = initial_mode_strength(aligned_weights(targets, 16, 0.01), targets)
    assert aligned == pytest.approx(expected_strength(0.01, 16, "aligned"), rel=1e-12)


def test_predicted_bif_is_that_of_the_aligned_network_at_the_start(training, targets):
    g, (bases, core) = sample_derivatives(aligned_weights(targets, 16, STRENGTH**0.5), targets)
    expected = gaussian_influence(g, bases @ core @ bases.mT, nbeta=80.0, gamma=1000.0)
    found = predicted_bif(training, np.array([0]), nbeta=80.0, gamma=1000.0)[0]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-9, atol=1e-15)


def test_training_from_theorys_start_has_every_event_on_time(training):
    # Small steps: what is left is Euler's error. A wrong sign of any term moves flips by tens of
    # steps or removes them.
    steps = np.arange(0, 2001, 20)
    predicted = events_of(predicted_influence(training, steps), steps, training.tree)
    exact = table_of(events_of(aligned_influence(training, steps), steps, training.tree))
    widths = {p: transition_width(training, p, np.arange(0, 8001, 20)) for p in predicted}
    found = match(predicted, exact, widths)
    assert found.missed == 0
    assert len(found.events) > 100
    assert found.events["error"].abs().max() < 6
    numbers = agreement(found)
    assert numbers["median_widths"] < 0.01
    assert numbers["matched"] == len(found.events)
    assert (
        by_chance(predicted, exact, widths, Matching(), np.random.default_rng(0))
        > 5 * numbers["median_widths"]
    )


def test_width_is_that_of_the_pairs_own_distinction(training):
    steps = np.arange(0, 8001, 5)
    widths = [
        transition_width(training, ("dog", other), steps) for other in ("cat", "robin", "oak")
    ]
    # A leaf's distinction is one mode of s = 1/8: log(81) / (2 s) in time.
    assert widths[0] == pytest.approx(np.log(81) / (2 * 0.125) / RATE, rel=0.01)
    assert widths[0] > widths[1] > widths[2]
