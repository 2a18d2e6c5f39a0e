"""Flips, peaks, their intervals, and the false ones."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.events import Trajectory, alignment, control, find_events, rank_agreement

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


@pytest.mark.parametrize(("noise", "spread"), [(0.08, 0.0), (0.02, 25.0)])
def test_intervals_cover_the_truth(noise, spread):
    # With spread, the truth is the mean over starts; ten seeds show it.
    rng, covered, total = np.random.default_rng(2), 0, 0
    for _ in range(60):
        events = find_events(trajectory(noise, 10, spread, rng), rng=rng)
        for _, event, _ in control({("a", "b"): events}):
            when = {"minimum": 200, "to_harmful": 350, "maximum": 500}.get(event.direction)
            if when is not None:
                covered += event.ci_low <= when <= event.ci_high
                total += 1
    assert total >= 170  # all three, nearly always
    assert covered / total > 0.9


@pytest.mark.parametrize("kind", ["zero", "slope"])
def test_noise_alone_makes_no_events(kind):
    # The share of false sets of pairs must stay below the level; without the correction for
    # checkpoints looked at, nearly every set of 30 pairs would hold one.
    rng, false = np.random.default_rng(3), 0
    drift = 0.0 if kind == "zero" else 0.5 * STEPS / 20
    for _ in range(40):
        candidates = {}
        for pair in range(30):
            noise = rng.standard_normal((2, len(STEPS)))
            curve = Trajectory(STEPS, 10 + drift * (kind == "slope") + noise if kind == "slope"
                               else noise, np.ones_like(noise))  # fmt: skip
            candidates[str(pair),] = find_events(curve, replicates=5, rng=rng)
        false += bool(control(candidates))
    assert false / 40 <= 0.125  # 5 % nominal; three standard errors above


def test_underestimated_noise_would_be_seen():
    # The test above can fail: errors half as large as the noise give many false events.
    rng, found = np.random.default_rng(3), 0
    for _ in range(40):
        noise = rng.standard_normal((2, len(STEPS)))
        curve = Trajectory(STEPS, noise, np.full_like(noise, 0.4))
        found += bool(control({("a",): find_events(curve, replicates=5, rng=rng)}))
    assert found / 40 > 0.5


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


def test_alignment_sees_what_is_aligned_and_nothing_else():
    marks = [100.0, 330.0, 450.0, 790.0]
    rng = np.random.default_rng(0)
    near = alignment(np.array(marks) + 5, marks, (0, 1000), rng=rng)
    assert near[0] == pytest.approx(5)
    assert near[2] < 0.02
    p_values = [
        alignment(rng.uniform(0, 1000, 4), marks, (0, 1000), permutations=300, rng=rng)[2]
        for _ in range(300)
    ]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.05)
    with pytest.raises(ValueError, match="0 events"):
        alignment([], marks, (0, 1000), rng=rng)


def test_rank_agreement_is_spearman_with_an_exact_level():
    rng = np.random.default_rng(0)
    assert rank_agreement([1, 2, 3, 4], [10, 20, 40, 30], rng=rng)[0] == pytest.approx(0.8)
    # All 24 orders of four: a perfect one has probability 1/24.
    assert rank_agreement([1, 2, 3, 4], [1, 2, 3, 4], rng=rng)[1] == pytest.approx(1 / 24, rel=0.15)
    assert rank_agreement([1, 1, 1], [1, 2, 3], rng=rng) == (0.0, 1.0)
