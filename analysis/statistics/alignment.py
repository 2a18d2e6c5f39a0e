"""Do events of several runs fall near the landmarks of the same runs?"""

from __future__ import annotations

from collections.abc import Sequence

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


def joint_alignment(
    runs: Sequence[tuple[np.ndarray, np.ndarray]],
    span: tuple[float, float],
    rng: np.random.Generator,
    shifts: int = 10_000,
) -> tuple[float, float, float]:
    """Mean distance from an event to the nearest landmark of its run, against chance.

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
        observed mean distance, its mean under the null (both in the unit of `span`), and the
        one-sided p-value (1 + shifts at least as near) / (1 + shifts).
    """
    start, length = span[0], span[1] - span[0]
    count = sum(len(events) for events, _ in runs)

    def distance(times: Sequence[np.ndarray]) -> np.ndarray:
        pairs = zip(times, runs, strict=True)
        return sum(np.abs(t[..., None] - marks).min(-1).sum(-1) for t, (_, marks) in pairs) / count

    shift = rng.uniform(0, length, size=(shifts, 1))
    observed = float(distance([events for events, _ in runs]))
    null = distance([start + (events - start + shift) % length for events, _ in runs])
    return observed, float(null.mean()), (1 + int((null <= observed).sum())) / (1 + shifts)


def alignment(
    events: Sequence[float],
    landmarks: Sequence[float],
    span: tuple[float, float],
    *,
    permutations: int = 10_000,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Do the events of one run fall near its landmarks more closely than chance? See
    `joint_alignment`.

    Args:
        events: steps, (events,).
        landmarks: steps, (landmarks,).
        span: first and last step that an event can have.
        permutations: random shifts behind the p-value.
        rng: source of random numbers.

    Returns:
        observed mean distance from an event to its nearest landmark, its mean under the null, both
        in steps, and the p-value.

    Raises:
        ValueError: there are no events or no landmarks.
    """
    if not len(events) or not len(landmarks):
        raise ValueError(f"{len(events)} events and {len(landmarks)} landmarks: both are needed")
    run = (np.asarray(events, dtype=float), np.asarray(landmarks, dtype=float))
    return joint_alignment([run], span, rng, permutations)
