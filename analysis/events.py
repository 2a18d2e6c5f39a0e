"""Sign flips and peaks of influence trajectories, with intervals and false-discovery control."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks
from scipy.stats import false_discovery_control, norm, rankdata

RESOLUTION = 1e-3  # share of a trajectory's largest size below which nothing is an event
POINTWISE = 1.96  # standard errors: a checkpoint's 95 % interval excludes zero beyond this


@dataclass(frozen=True)
class Trajectory:
    """Influence of one source on one target over training.

    Attributes:
        steps: (checkpoints,), increasing.
        values: (seeds, checkpoints).
        std_errors: same shape; zero where the value is exact.
    """

    steps: np.ndarray
    values: np.ndarray
    std_errors: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Mean over seeds, (checkpoints,)."""
        return self.values.mean(0)

    @property
    def noise(self) -> np.ndarray:
        """Standard error of that mean from sampling, never below the resolution."""
        sampling = np.sqrt((self.std_errors**2).sum(0)) / len(self.values)
        floor = RESOLUTION * np.abs(self.mean).max()
        return np.sqrt(sampling**2 + floor**2 + np.finfo(float).tiny)


@dataclass(frozen=True)
class Event:
    """A flip or a peak.

    Attributes:
        kind: "flip" or "peak".
        step: when, in training steps (interpolated between checkpoints).
        ci_low, ci_high: 95 % interval, never narrower than the checkpoints around it.
        direction: flip: "to_harmful" or "to_helpful"; peak: "maximum" or "minimum".
        value: mean influence at the event (0 for a flip).
        p_value: against noise alone, corrected for the checkpoints looked at.
    """

    kind: str
    step: float
    ci_low: float
    ci_high: float
    direction: str
    value: float
    p_value: float


def find_events(
    trajectory: Trajectory, *, replicates: int = 200, rng: np.random.Generator
) -> list[Event]:
    """Candidate flips and peaks of one trajectory, before control over all trajectories.

    A flip lies between two consecutive stretches of checkpoints whose 95 % intervals exclude
    zero with opposite signs. Its p-value is that of the less certain stretch: the stretch's
    strongest checkpoint, Bonferroni-corrected for the number of checkpoints. A peak is a local
    extremum inside the training; its p-value compares its prominence with the noise of the
    difference of two checkpoints, corrected for the number of pairs of checkpoints.

    Intervals are percentiles over `replicates` of the mean trajectory, with seeds resampled and
    sampling noise added, widened to the neighbouring checkpoints.
    """
    copies = resample(trajectory, replicates, rng)
    return [*_flips(trajectory, copies), *_peaks(trajectory, copies)]


def resample(trajectory: Trajectory, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Mean trajectories (replicates, checkpoints) with seeds drawn anew and noise added."""
    seeds = len(trajectory.values)
    pick = rng.integers(seeds, size=(replicates, seeds))
    noise = rng.standard_normal((replicates, seeds, len(trajectory.steps)))
    return (trajectory.values[pick] + noise * trajectory.std_errors[pick]).mean(1)


def _flips(trajectory: Trajectory, copies: np.ndarray) -> list[Event]:
    z = trajectory.mean / trajectory.noise
    stretches: list[list[int]] = []
    for k in np.flatnonzero(np.abs(z) > POINTWISE):
        if stretches and z[stretches[-1][-1]] * z[k] > 0:
            stretches[-1].append(int(k))
        else:
            stretches.append([int(k)])
    events = []
    for before, after in itertools.pairwise(stretches):
        sign = np.sign(z[before[-1]])
        strongest = [stretch[int(np.abs(z[stretch]).argmax())] for stretch in (before, after)]
        p_value = min(1.0, len(z) * norm.sf(np.abs(z[strongest]).min()))
        first, last = strongest[0], strongest[1]
        crossings = _crossing(trajectory.steps, sign * copies, first, last)
        left, right = before[-1], after[0]
        step = _crossing(trajectory.steps, sign * trajectory.mean[None], left, right)[0]
        around = np.searchsorted(trajectory.steps, step)
        low, high = np.percentile(crossings, [2.5, 97.5])
        events.append(
            Event(
                kind="flip",
                step=float(step),
                ci_low=float(min(low, trajectory.steps[max(around - 1, 0)])),
                ci_high=float(max(high, trajectory.steps[around])),
                direction="to_harmful" if sign < 0 else "to_helpful",
                value=0.0,
                p_value=p_value,
            )
        )
    return events


def _crossing(steps: np.ndarray, falling: np.ndarray, first: int, last: int) -> np.ndarray:
    """Where each row first goes from positive to not positive within checkpoints first..last,
    linearly interpolated; the end of the range where it does not."""
    rows = falling[:, first : last + 1]
    below = rows <= 0
    k = np.where(below.any(1), below.argmax(1), rows.shape[1] - 1)
    start = np.maximum(k - 1, 0)
    row = np.arange(len(rows))
    a, b = rows[row, start], rows[row, k]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where((a > 0) & (b <= 0), a / (a - b), k > start)
    grid = steps[first : last + 1].astype(float)
    return grid[start] + share * (grid[k] - grid[start])


def _peaks(trajectory: Trajectory, copies: np.ndarray) -> list[Event]:
    steps, noise, n = trajectory.steps.astype(float), trajectory.noise, len(trajectory.steps)
    events = []
    for sign, direction in ((1.0, "maximum"), (-1.0, "minimum")):
        curve = sign * trajectory.mean
        tops, shape = find_peaks(curve, prominence=0)
        for top, prominence, left, right in zip(
            tops, shape["prominences"], shape["left_bases"], shape["right_bases"], strict=True
        ):
            base = left if curve[left] > curve[right] else right
            z = prominence / np.hypot(noise[top], noise[base])
            near = curve > curve[top] - prominence / 2
            low, high = top, top
            while low > 0 and near[low - 1]:
                low -= 1
            while high < n - 1 and near[high + 1]:
                high += 1
            when = _vertex(steps, sign * copies, low, high)
            ci = np.percentile(when, [2.5, 97.5])
            step = _vertex(steps, curve[None], top, top)[0]
            events.append(
                Event(
                    kind="peak",
                    step=float(step),
                    ci_low=float(min(ci[0], steps[top - 1])),
                    ci_high=float(max(ci[1], steps[top + 1])),
                    direction=direction,
                    value=float(trajectory.mean[top]),
                    p_value=min(1.0, n * (n - 1) / 2 * norm.sf(z)),
                )
            )
    return events


def _vertex(steps: np.ndarray, rows: np.ndarray, low: int, high: int) -> np.ndarray:
    """Where each row is highest within checkpoints low..high, refined by the parabola through
    the three points around it (checkpoints may be unevenly spaced)."""
    k = low + rows[:, low : high + 1].argmax(1)
    k = np.clip(k, 1, len(steps) - 2)
    row = np.arange(len(rows))
    x0, x1, x2 = steps[k - 1], steps[k], steps[k + 1]
    y0, y1, y2 = rows[row, k - 1], rows[row, k], rows[row, k + 1]
    slope01, slope12 = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
    bend = (slope12 - slope01) / (x2 - x0)
    with np.errstate(invalid="ignore", divide="ignore"):
        vertex = (x0 + x1) / 2 - slope01 / (2 * bend)
    return np.where(bend < 0, np.clip(vertex, x0, x2), x1)


def control(
    candidates: Mapping[tuple[str, ...], Sequence[Event]], level: float = 0.05
) -> list[tuple[tuple[str, ...], Event, float]]:
    """Keep the events that survive Benjamini-Hochberg control over everything tested together.

    Args:
        candidates: trajectory's name -> its candidate events. A trajectory without any counts as
            one test that found nothing.
        level: false discovery rate.

    Returns:
        (trajectory's name, event, q-value) for every event with q <= level.
    """
    tests: list[tuple[tuple[str, ...], Event | None]] = []
    for name, events in candidates.items():
        tests += [(name, event) for event in events] or [(name, None)]
    if not tests:
        return []
    q = false_discovery_control([1.0 if event is None else event.p_value for _, event in tests])
    return [
        (name, event, float(value))
        for (name, event), value in zip(tests, q, strict=True)
        if event is not None and value <= level
    ]


def alignment(
    events: Sequence[float],
    landmarks: Sequence[float],
    span: tuple[float, float],
    *,
    permutations: int = 10_000,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Do events fall near landmarks more closely than chance?

    The statistic is the mean distance from an event to its nearest landmark. Under the null all
    events are shifted together by a random amount around the training (a circle of the span's
    length), which keeps their number and spacing.

    Returns:
        (observed mean distance, its mean under the null, p-value), the first two in steps.

    Raises:
        ValueError: there are no events or no landmarks.
    """
    if not len(events) or not len(landmarks):
        raise ValueError(f"{len(events)} events and {len(landmarks)} landmarks: both are needed")
    start, length = span[0], span[1] - span[0]
    marks, when = np.asarray(landmarks, dtype=float), np.asarray(events, dtype=float)

    def distance(times: np.ndarray) -> np.ndarray:
        return np.abs(times[..., None] - marks).min(-1).mean(-1)

    shifts = rng.uniform(0, length, size=(permutations, 1))
    null = distance(start + (when - start + shifts) % length)
    observed = float(distance(when))
    p_value = (1 + int((null <= observed).sum())) / (1 + permutations)
    return observed, float(null.mean()), p_value


def rank_agreement(
    first: Sequence[float],
    second: Sequence[float],
    *,
    permutations: int = 10_000,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Spearman's rank correlation with its one-sided permutation p-value."""
    x, y = rankdata(first), rankdata(second)
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x**2).sum() * (y**2).sum())
    if scale == 0:
        return 0.0, 1.0
    shuffled = rng.permuted(np.tile(y, (permutations, 1)), axis=1)
    observed = float(x @ y / scale)
    beyond = int((shuffled @ x / scale >= observed - 1e-12).sum())
    return observed, (1 + beyond) / (1 + permutations)
