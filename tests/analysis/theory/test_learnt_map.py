"""The map of theory: its modes and its distinctions."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.crossings import rise_times
from analysis.theory.learnt_map import mode_strengths, progress, theory_maps
from analysis.theory.modes import half_rise_time
from models.toy.hierarchy import stage_name


def test_progress_of_a_distinction_is_its_mode_in_a_balanced_tree(tree):
    # Theory maps: mammal | bird is the third mode, half learnt at that mode's half rise.
    times = np.linspace(0, 60, 601)
    maps = theory_maps(tree.targets(), times, 7e-4)
    node = next(node for node in tree.distinctions() if node.name == "animal")
    assert stage_name(node) == "mammal | bird"
    curve = progress(maps, tree.targets(), tree.contrasts(node))
    strength = mode_strengths(maps, tree.targets())[:, 2]
    np.testing.assert_allclose(curve, strength / strength[-1], atol=1e-4)
    start, middle, end = rise_times(times, curve)
    assert middle == pytest.approx(half_rise_time(0.2165, 7e-4, 0.125), abs=0.02)
    # Logistic: 10 to 90 % takes ln(81) / (2 s).
    assert end - start == pytest.approx(np.log(81) / (2 * 0.2165), rel=0.01)
