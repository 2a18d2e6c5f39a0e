"""Do events of several runs fall near the landmarks of the same runs?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def checkpoint_index(
    steps: Sequence[float] | pd.Series | np.ndarray, measured: np.ndarray
) -> np.ndarray:
    """Steps on the axis of measured checkpoints, 0, 1, 2, ...: events can only be found where one
    looks, so that chance spreads them evenly over checkpoints, not over steps."""
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

    Returns:
        (observed mean distance, its mean under the null, p-value).
    """
    start, length = span[0], span[1] - span[0]

    def distance(shift: np.ndarray) -> np.ndarray:
        total = np.zeros(len(shift))
        for events, marks in runs:
            moved = start + (events - start + shift[:, None]) % length
            total += np.abs(moved[..., None] - marks).min(-1).sum(-1)
        return total / sum(len(events) for events, _ in runs)

    observed = float(distance(np.zeros(1))[0])
    null = distance(rng.uniform(0, length, size=shifts))
    return observed, float(null.mean()), (1 + int((null <= observed).sum())) / (1 + shifts)
