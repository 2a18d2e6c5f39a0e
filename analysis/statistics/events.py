"""Sign flips and peaks of influence trajectories, with intervals and false-discovery control."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks
from scipy.stats import false_discovery_control, norm, t

from analysis.statistics.crossings import first_crossing
from analysis.statistics.uncertainty import degrees_of_freedom, standard_error

FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True)
class Trajectory:
    """Influence of one source on one target over training.

    Attributes:
        steps: (checkpoints,), training steps, increasing.
        values: (seeds, checkpoints), any unit; negative: the source helps.
        std_errors: same shape and unit; zero where the value is exact.
        resolution: share of its largest size below which nothing is an event [ours].
    """

    steps: np.ndarray
    values: np.ndarray
    std_errors: np.ndarray
    resolution: float = 1e-3

    @property
    def mean(self) -> np.ndarray:
        """Mean over seeds, (checkpoints,)."""
        return self.values.mean(0)

    @property
    def noise(self) -> np.ndarray:
        """Standard error of that mean (see `uncertainty`), never below the resolution:
        (checkpoints,).
        """
        floor = self.resolution * np.abs(self.mean).max()
        error = standard_error(self.values, self.std_errors)
        return np.sqrt(error**2 + floor**2 + np.finfo(float).tiny)

    def p_value(self, z: float | np.ndarray, tests: int) -> np.ndarray:
        """One-sided p-value of a size, by Student's t over seeds.

        Args:
            z: size in standard errors, any shape.
            tests: what was looked at beside it, for Bonferroni's correction.

        Returns:
            of the shape of `z`, at most 1.
        """
        freedom = degrees_of_freedom(len(self.values))
        return np.minimum(1.0, tests * t.sf(z, freedom))


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
    trajectory: Trajectory,
    *,
    replicates: int = 200,
    sign_level: float = 0.05,
    rng: np.random.Generator,
) -> list[Event]:
    """Candidate flips and peaks of one trajectory, before control over all trajectories.

    A flip lies between two consecutive stretches of checkpoints whose intervals exclude zero
    with opposite signs, the intervals widened so that all checkpoints hold together. Its p-value
    is that of the less certain stretch, by its strongest checkpoint. A peak is a local extremum
    inside the training; its p-value compares its prominence with the noise of the difference of
    two checkpoints, corrected for the ordered pairs of checkpoints. Both use Student's t over
    the seeds, so that what is found holds for the mean over random starts and not only for these.
    One exact run has no chance in it: its events get the p-value of the resolution, nearly zero.

    Intervals are percentiles over `replicates` of the mean trajectory (see `resample`), widened
    to the neighbouring checkpoints.

    Args:
        trajectory: curves of one pair, one per seed.
        replicates: mean curves behind an interval.
        sign_level: level, over all checkpoints together, at which a sign is sure.
        rng: source of random numbers.

    Returns:
        flips in order of time, then maxima, then minima; each with its own p-value.

    Example:
        >>> steps = np.arange(0, 101, 10)
        >>> curve = np.sin(steps / 100 * 2 * np.pi)[None]
        >>> exact = Trajectory(steps, curve, np.zeros_like(curve))
        >>> [(e.direction, round(e.step)) for e in find_events(exact, rng=np.random.default_rng(0))]
        [('to_helpful', 50), ('maximum', 25), ('minimum', 75)]
    """
    copies = resample(trajectory, replicates, rng)
    return [*_flips(trajectory, copies, sign_level), *_peaks(trajectory, copies)]


def resample(trajectory: Trajectory, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Mean trajectories that might have been.

    Several seeds are drawn anew, their deviations from the mean widened by what the bootstrap
    of so few lacks (Student's t against normal, n against n - 1); one seed gets normal noise of its
    standard errors.

    Args:
        trajectory: curves of one pair, one per seed.
        replicates: how many.
        rng: source of random numbers.

    Returns:
        (replicates, checkpoints), in the unit of the curves.
    """
    seeds = len(trajectory.values)
    if seeds == 1:
        noise = rng.standard_normal((replicates, len(trajectory.steps)))
        return trajectory.values[0] + noise * trajectory.std_errors[0]
    widen = t.isf(0.025, seeds - 1) / norm.isf(0.025) * np.sqrt(seeds / (seeds - 1))
    pick = rng.integers(seeds, size=(replicates, seeds))
    return trajectory.mean + widen * (trajectory.values[pick].mean(1) - trajectory.mean)


def _flips(trajectory: Trajectory, copies: np.ndarray, level: float) -> list[Event]:
    z = trajectory.mean / trajectory.noise
    stretches: list[list[int]] = []
    for k in np.flatnonzero(trajectory.p_value(np.abs(z), 2 * len(z)) < level):
        if stretches and z[stretches[-1][-1]] * z[k] > 0:
            stretches[-1].append(int(k))
        else:
            stretches.append([int(k)])
    events = []
    for before, after in itertools.pairwise(stretches):
        sign = np.sign(z[before[-1]])
        strongest = [stretch[int(np.abs(z[stretch]).argmax())] for stretch in (before, after)]
        p_value = float(trajectory.p_value(np.abs(z[strongest]).min(), len(z)))
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
    """Where each row first goes from positive to not positive within checkpoints first..last, the
    end of the range where it does not."""
    within = slice(first, last + 1)
    return first_crossing(steps[within], falling[:, within].T, 0.0, otherwise=steps[last])


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
                    p_value=float(trajectory.p_value(z, n * (n - 1))),
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
    candidates: Mapping[tuple[str, ...], Sequence[Event]], level: float = FALSE_DISCOVERY_RATE
) -> list[tuple[tuple[str, ...], Event, float]]:
    """Keep the events that survive control of false discoveries over everything tested together.

    Args:
        candidates: trajectory's name -> its candidate events. A trajectory without any counts as
            one test that found nothing.
        level: false discovery rate, from 0 to 1.

    Returns:
        trajectory's name, event and q-value of every event with q <= level, in the order given.

    Source: Benjamini and Hochberg 1995.
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
