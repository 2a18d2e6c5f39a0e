"""Where items lie in the hidden layer, and when their paths part."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.development.hidden_layer import branch_point, embed, separation


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
