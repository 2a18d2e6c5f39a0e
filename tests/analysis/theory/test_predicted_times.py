"""Times predicted by theory alone."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimators.bif_gaussian import gaussian_influence
from analysis.statistics.events import Event
from analysis.theory.predicted_times import (
    Matching,
    Training,
    agreement,
    aligned_influence,
    by_chance,
    events_of,
    expected_strength,
    match,
    predicted_bif,
    predicted_influence,
    table_of,
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


def _event(step: float, direction: str, value: float = 0.0) -> Event:
    kind = "flip" if direction.startswith("to_") else "peak"
    return Event(kind, step, step - 5, step + 5, direction, value, 0.0)


def test_matching_counts_what_is_missed_and_what_is_unforeseen():
    pair, widths = ("a", "b"), {("a", "b"): 100.0}
    predicted = {
        pair: [_event(100, "to_harmful"), _event(300, "maximum", 1.0), _event(500, "maximum", 0.2)]
    }
    measured = table_of(
        {pair: [_event(110, "to_harmful"), _event(290, "maximum"), _event(700, "minimum")]}
    )
    found = match(predicted, measured, widths)
    assert found.events["error"].tolist() == [10, -10]
    assert (found.missed, found.large, found.missed_large, found.unforeseen) == (1, 2, 1, 1)
    far = match(predicted, measured.assign(step=measured["step"] + 30), widths)
    assert far.events["measured"].tolist() == [320]  # 140 is too far from 100 at 0.25 widths
    numbers = agreement(match(predicted, measured.iloc[:0], widths))
    assert numbers["matched"] == 0
    assert not any(np.isnan(list(numbers.values())))


def test_nearest_assignment_is_the_least_in_total():
    # Greedy would give 200 -> 210 and leave 100 -> 290; the least total crosses nothing.
    pair = ("a", "b")
    predicted = {pair: [_event(100, "maximum", 1.0), _event(200, "maximum", 1.0)]}
    measured = table_of({pair: [_event(190, "maximum"), _event(290, "maximum")]})
    found = match(predicted, measured, {pair: 1000.0})
    assert found.events["error"].tolist() == [90, 90]
