"""Flips, peaks, their intervals, and the false ones."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.events import Trajectory, control, find_events

STEPS = np.arange(0, 1001, 20)


def wave(steps: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """Negative, minimum at 200, crossing at 350, maximum at 500, then back to zero."""
    x = (steps - 350 - shift) / 150
    return x * np.exp((1 - x**2) / 2)


def trajectory(noise: float, seeds: int = 1, spread: float = 0.0, rng=None) -> Trajectory:
    rng = rng or np.random.default_rng(0)
    values = [wave(STEPS, spread * rng.standard_normal()) for _ in range(seeds)]
    noisy = np.array(values) + noise * rng.standard_normal((seeds, len(STEPS)))
    return Trajectory(STEPS, noisy, np.full_like(noisy, noise))


def test_exact_trajectory_gives_its_three_events():
    events = find_events(trajectory(0.0), rng=np.random.default_rng(0))
    found = {(e.kind, e.direction): e for _, e, _ in control({("a", "b"): events})}
    assert set(found) == {("peak", "minimum"), ("flip", "to_harmful"), ("peak", "maximum")}
    truth = {("peak", "minimum"): 200, ("flip", "to_harmful"): 350, ("peak", "maximum"): 500}
    for key, when in truth.items():
        event = found[key]
        assert event.step == pytest.approx(when, abs=2)
        assert event.ci_low <= when <= event.ci_high <= event.ci_low + 40  # a checkpoint each side
        assert event.p_value < 1e-6


def test_a_flip_the_other_way():
    mirrored = trajectory(0.0)
    mirrored = Trajectory(STEPS, -mirrored.values, mirrored.std_errors)
    flips = [e for e in find_events(mirrored, rng=np.random.default_rng(0)) if e.kind == "flip"]
    assert [e.direction for e in flips] == ["to_helpful"]


@pytest.mark.parametrize(
    ("noise", "spread", "seeds"), [(0.08, 0.0, 10), (0.02, 25.0, 10), (0.0, 15.0, 5)]
)
def test_intervals_cover_the_truth(noise, spread, seeds):
    # With spread, the truth is the mean over starts. A plain percentile bootstrap of five seeds
    # covers 82 %.
    rng, covered, total = np.random.default_rng(2), 0, 0
    for _ in range(60):
        events = find_events(trajectory(noise, seeds, spread, rng), rng=rng)
        for _, event, _ in control({("a", "b"): events}):
            when = {"minimum": 200, "to_harmful": 350, "maximum": 500}.get(event.direction)
            if when is not None and abs(event.step - when) < 100:
                covered += event.ci_low <= when <= event.ci_high
                total += 1
    assert total >= 120
    assert covered / total > 0.92


def null_share(seeds: int, understated: float, rng: np.random.Generator) -> float:
    """Share of 40 sets of 30 noise curves in which anything is found."""
    false = 0
    for _ in range(40):
        candidates = {}
        for pair in range(30):
            noise = rng.standard_normal((seeds, len(STEPS)))
            known = np.full_like(noise, understated) if seeds == 1 else np.zeros_like(noise)
            curve = Trajectory(STEPS, noise, known)
            candidates[str(pair),] = find_events(curve, replicates=5, rng=rng)
        false += bool(control(candidates))
    return false / 40


@pytest.mark.parametrize("seeds", [1, 5, 10])
def test_noise_alone_makes_no_events(seeds):
    # One seed with its sampling errors; several exact seeds that differ by chance alone. Five
    # per cent nominal, three standard errors above. Without the spread between seeds every set
    # of exact curves would hold events.
    assert null_share(seeds, 1.0, np.random.default_rng(3)) <= 0.15


def test_understated_noise_would_be_seen():
    # The test above can fail: errors a third of the noise give many false events.
    assert null_share(1, 0.3, np.random.default_rng(3)) > 0.5


def test_a_slow_crossing_is_found_however_many_checkpoints_straddle_it():
    # From -8 to +8 standard errors with forty checkpoints near zero: a single one beyond two
    # standard errors must not break the flip in two.
    rng, found = np.random.default_rng(4), 0
    mean = np.concatenate([np.full(5, -8.0), np.zeros(40), np.full(5, 8.0)])
    for _ in range(100):
        noisy = (mean + rng.standard_normal(50))[None]
        curve = Trajectory(np.arange(50), noisy, np.ones_like(noisy))
        kept = control({("a",): find_events(curve, replicates=5, rng=rng)})
        found += [e.direction for _, e, _ in kept if e.kind == "flip"] == ["to_harmful"]
    assert found >= 98


def test_uneven_checkpoints():
    steps = np.unique(np.concatenate([2 ** np.arange(0, 8), np.arange(150, 1001, 25)]))
    curve = Trajectory(steps, wave(steps)[None], np.zeros((1, len(steps))))
    found = {e.direction: e.step for _, e, _ in control({("a",): find_events(
        curve, rng=np.random.default_rng(0))})}  # fmt: skip
    assert found["to_harmful"] == pytest.approx(350, abs=3)
    assert found["maximum"] == pytest.approx(500, abs=5)


def test_nothing_tested_and_nothing_found():
    assert control({}) == []
    flat = Trajectory(STEPS, np.zeros((1, len(STEPS))), np.zeros((1, len(STEPS))))
    assert find_events(flat, rng=np.random.default_rng(0)) == []
