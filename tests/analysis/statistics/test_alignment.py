"""Events near landmarks, against chance."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.alignment import joint_alignment

MARKS = np.array([100.0, 330.0, 450.0, 790.0])
SPAN = (0.0, 1000.0)


def test_alignment_sees_what_is_aligned_and_nothing_else():
    rng = np.random.default_rng(0)
    near = joint_alignment([(MARKS + 5, MARKS)], SPAN, rng)
    assert near.distance == pytest.approx(5)
    assert near.p_value < 0.02
    assert near.p_farther > 0.98
    p_values = [
        joint_alignment([(rng.uniform(0, 1000, 4), MARKS)], SPAN, rng, shifts=300).p_value
        for _ in range(300)
    ]
    assert np.mean(np.array(p_values) < 0.1) == pytest.approx(0.1, abs=0.05)


def test_a_run_with_many_events_counts_as_one():
    rng = np.random.default_rng(0)
    far = np.array([215.0])  # 115 from the nearest
    many = np.repeat(MARKS, 25) + 5
    found = joint_alignment([(many, MARKS), (far, MARKS)], SPAN, rng, shifts=100)
    np.testing.assert_allclose(found.each, [5, 115])
    assert found.distance == pytest.approx(60)


def test_runs_alike_are_shifted_together():
    # Eight copies of one run are one run: the p-value must not shrink with copies.
    run = (np.array([110.0, 500.0, 760.0]), MARKS)
    one, eight = (
        joint_alignment([run] * n, SPAN, np.random.default_rng(0), shifts=2000) for n in (1, 8)
    )
    assert one.p_value == eight.p_value
