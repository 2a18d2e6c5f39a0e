"""Events near landmarks, against chance."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.alignment import alignment


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
