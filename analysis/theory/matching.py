"""Predicted events beside measured ones: which belong together, how far apart, and by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from analysis.statistics.events import Event

MATCHED = ["source", "target", "kind", "direction", "predicted", "measured", "ci_low", "ci_high",
           "error", "width"]  # fmt: skip
TIMES = ["step", "ci_low", "ci_high"]
Events = dict[tuple[str, str], list[Event]]  # by (source, target)


@dataclass(frozen=True)
class Matching:
    """When a measured event counts as the predicted one.

    Attributes:
        farthest: transition widths apart at which it still does.
        large: share of the highest predicted peak from which on a missed one counts as large.
        shuffles: random exchanges of the pairs' predictions, for what chance would give.
    """

    farthest: float = 0.25
    large: float = 0.1
    shuffles: int = 5


def table_of(found: Events) -> pd.DataFrame:
    """Events by pair as a table with the contract's columns that `match` reads.

    Args:
        found: (source, target) -> its events.

    Returns:
        one row per event: source, target, direction, step, ci_low, ci_high (steps).
    """
    rows = [
        {"source": pair[0], "target": pair[1], **vars(event)}
        for pair, events in found.items()
        for event in events
    ]
    return pd.DataFrame(rows, columns=["source", "target", "direction", *TIMES])


class Match(NamedTuple):
    """What came of a prediction.

    Attributes:
        events: the matched events, columns `MATCHED`: predicted, measured, ci_low, ci_high, error
            (measured minus predicted) and width (of the transition), all in steps.
        missed: predicted events that were not found.
        large: predicted peaks of at least `Matching.large` of the highest predicted one.
        missed_large: those of them that were not found.
        unforeseen: found events that were not predicted.
    """

    events: pd.DataFrame
    missed: int
    large: int
    missed_large: int
    unforeseen: int


def match(
    predicted: Events,
    measured: pd.DataFrame,
    widths: dict[tuple[str, str], float],
    matching: Matching = Matching(),
) -> Match:
    """Pair predicted events with measured ones of the same kind and direction.

    Within a pair of items the assignment has the least total distance in time; what is farther
    apart than `matching.farthest` transition widths stays unmatched.

    Args:
        predicted: (source, target) -> events; pairs without are there with none.
        measured: the contract's event table, of one estimator: source, target, direction, step,
            ci_low, ci_high.
        widths: transition width of every predicted pair, steps.
        matching: how far apart two events may be, and which peaks are large.

    Returns:
        the pairs of events found, and how many were missed and unforeseen. Measured events of other
        pairs than the predicted do not count.

    Raises:
        KeyError: a predicted pair has no width.

    Source: the Hungarian method, Kuhn 1955.
    """
    rows, missed, large, missed_large, unforeseen = [], 0, 0, 0, 0
    sizes = [abs(event.value) for events in predicted.values() for event in events]
    least = matching.large * max(sizes, default=0.0)

    def is_large(event: Event) -> bool:
        return event.kind == "peak" and abs(event.value) >= least

    keys = ["source", "target", "direction"]
    times = measured[TIMES].to_numpy()
    found_by = {key: times[place] for key, place in measured.groupby(keys).indices.items()}
    for pair, events in predicted.items():
        for kind in ("to_harmful", "to_helpful", "maximum", "minimum"):
            expected = [event for event in events if event.direction == kind]
            found = found_by.get((*pair, kind), np.empty((0, len(TIMES))))
            gaps = np.abs(np.array([event.step for event in expected])[:, None] - found[:, 0])
            pairs = [
                (a, b)
                for a, b in zip(*linear_sum_assignment(gaps), strict=True)
                if gaps[a, b] <= matching.farthest * widths[pair]
            ]
            found_here = {a for a, _ in pairs}
            lost = [event for a, event in enumerate(expected) if a not in found_here]
            missed += len(lost)
            large += sum(map(is_large, expected))
            missed_large += sum(map(is_large, lost))
            unforeseen += len(found) - len(pairs)
            for a, b in pairs:
                event, when = expected[a], found[b]
                error = when[0] - event.step
                rows.append((*pair, event.kind, kind, event.step, *when, error, widths[pair]))
    return Match(pd.DataFrame(rows, columns=MATCHED), missed, large, missed_large, unforeseen)


def by_chance(
    predicted: Events,
    measured: pd.DataFrame,
    widths: dict[tuple[str, str], float],
    matching: Matching,
    rng: np.random.Generator,
) -> float:
    """Share of the measured events that are predicted if every pair is given the prediction of
    a pair drawn at random: what the matching alone is worth.

    Args:
        predicted: (source, target) -> events.
        measured: the contract's event table, of one estimator.
        widths: transition width of every pair, steps.
        matching: how far apart two events may be, and how often pairs are exchanged.
        rng: source of random numbers.

    Returns:
        mean share over the shuffles, from 0 to 1; 0 where nothing was measured.
    """
    pairs, shares = list(predicted), []
    for _ in range(matching.shuffles):
        order = rng.permutation(len(pairs))
        shuffled = {pair: predicted[pairs[k]] for pair, k in zip(pairs, order, strict=True)}
        found = match(shuffled, measured, widths, matching)
        shares.append(len(found.events) / max(len(found.events) + found.unforeseen, 1))
    return float(np.mean(shares))


def agreement(found: Match) -> dict[str, float]:
    """Numbers that sum up one estimator.

    Args:
        found: what matched.

    Returns:
        matched, missed, large, missed_large, unforeseen (counts); median_error, worst_error
        (absolute, steps); median_widths, worst_widths (the same in transition widths); bias (median
        of measured minus predicted, steps; positive: measured later); inside (share of predictions
        inside the measured 95 % interval). All but the counts are 0 where nothing matched.
    """
    matched = found.events
    size = matched["error"].abs()
    inside = (matched["predicted"] >= matched["ci_low"]) & (
        matched["predicted"] <= matched["ci_high"]
    )
    numbers = {
        "median_error": size.median(),
        "worst_error": size.max(),
        "median_widths": (size / matched["width"]).median(),
        "worst_widths": (size / matched["width"]).max(),
        "bias": matched["error"].median(),
        "inside": inside.mean(),
    }
    counts = {"matched": len(matched), **found._asdict()}
    del counts["events"]
    return counts | {name: float(value) if len(matched) else 0.0 for name, value in numbers.items()}
