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
        steps: to place.
        measured: steps of the checkpoints.

    Returns:
        on that axis, interpolated.
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
        runs: (events, landmarks) of each, both at least one.
        span: first and last step that events can have.
        rng: source of random numbers.
        shifts: random rotations of the events.

    Returns:
        (observed mean distance, its mean under the null, p-value).
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
