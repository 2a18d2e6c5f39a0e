"""Predicted events put beside measured ones."""

from __future__ import annotations

import numpy as np

from analysis.statistics.events import Event
from analysis.theory.matching import agreement, match, table_of


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
