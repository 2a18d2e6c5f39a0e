"""Do events of several runs fall near the landmarks of the same runs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


def checkpoint_index(
    steps: Sequence[float] | pd.Series | np.ndarray, measured: np.ndarray
) -> np.ndarray:
    """Steps on the axis of measured checkpoints, 0, 1, 2, ...: events can only be found where one
    looks, so that chance spreads them evenly over checkpoints, not over steps.

    Args:
        steps: to place, (events,).
        measured: steps of the checkpoints, (checkpoints,), increasing.

    Returns:
        (events,), in checkpoints, interpolated; from 0 to checkpoints - 1.
    """
    return np.interp(np.asarray(steps, dtype=float), measured, np.arange(len(measured)))


@dataclass(frozen=True)
class Alignment:
    """How near events lie to landmarks, and how near chance has them.

    Attributes:
        distance: observed, mean over runs of their mean distances; null: its mean by chance.
        each, each_null: the same of every run, (runs,). All in the unit of the span.
        p_value: (1 + shifts at least as near) / (1 + shifts); p_farther: at least as far.
    """

    distance: float
    null: float
    each: np.ndarray
    each_null: np.ndarray
    p_value: float
    p_farther: float


def joint_alignment(
    runs: Sequence[tuple[np.ndarray, np.ndarray]],
    span: tuple[float, float],
    rng: np.random.Generator,
    shifts: int = 10_000,
) -> Alignment:
    """Distance from an event to the nearest landmark of its run, against chance; runs weigh alike.

    Under the null, the events of all runs are shifted together by one random amount around the
    span (a circle), which keeps their number, their spacing, and what the runs have in common:
    runs of one model resemble each other and are not independent evidence.

    Args:
        runs: (events, landmarks) of each, (events,) and (landmarks,), both at least one, in steps
            or any other unit of `span`.
        span: first and last value that events can have.
        rng: source of random numbers.
        shifts: random shifts of the events.

    Returns:
        observed distances, those under the null, and one-sided p-values.
    """
    start, length = span[0], span[1] - span[0]

    def distances(shift: np.ndarray) -> np.ndarray:
        """(shifts, runs)."""
        found = []
        for events, marks in runs:
            times = start + (events - start + shift) % length
            found.append(np.abs(times[..., None] - marks).min(-1).mean(-1))
        return np.stack(found, axis=-1)

    each = np.array([np.abs(events[:, None] - marks).min(-1).mean() for events, marks in runs])
    null = distances(rng.uniform(0, length, size=(shifts, 1)))
    mean, observed = null.mean(-1), float(each.mean())
    return Alignment(
        distance=observed,
        null=float(mean.mean()),
        each=each,
        each_null=null.mean(0),
        p_value=(1 + int((mean <= observed).sum())) / (1 + shifts),
        p_farther=(1 + int((mean >= observed).sum())) / (1 + shifts),
    )
