"""When a distinction is learnt, in outputs and in the hidden layer."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.development.distinctions import (
    mode_strengths,
    progress,
    rise_times,
    stage_name,
    theory_maps,
)
from analysis.development.hidden_layer import branch_point, embed, separation
from analysis.theory.modes import half_rise_time


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


def test_rise_times_of_a_curve_that_never_rises():
    assert np.isnan(rise_times(np.arange(3), np.zeros(3))).all()
    assert rise_times(np.arange(3), np.ones(3)) == (0, 0, 0)


def test_separation_and_branch_point(tree):
    # Children's centroids move apart along one axis as a logistic curve with a known bend.
    steps = np.arange(0, 101)
    path = 1 / (1 + np.exp(-(steps - 50) / 5))
    hidden = np.zeros((101, 3, 8))
    hidden[:, 0, :2], hidden[:, 0, 2:4] = path[:, None], -path[:, None]
    node = next(node for node in tree.distinctions() if node.name == "animal")
    apart = separation(hidden, tree, node)
    np.testing.assert_allclose(apart, 2 * path)
    knee, fastest = branch_point(steps, apart)
    assert fastest == 50
    # Largest second derivative of the logistic: log(2 + sqrt 3) scale units before the middle.
    assert knee == pytest.approx(50 - 5 * np.log(2 + np.sqrt(3)), abs=1)


def test_embedding_keeps_the_distances_of_a_plane():
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((5, 4, 2))
    basis = np.linalg.qr(rng.standard_normal((6, 2)))[0]
    found = embed((plane @ basis.T).transpose(0, 2, 1))
    a, b = plane.reshape(-1, 2), found.reshape(-1, 2)
    distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (a, b)]
    np.testing.assert_allclose(*distances, atol=1e-10)
    assert (found[-1, 0] >= 0).all()
