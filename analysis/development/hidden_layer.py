"""The hidden layer of the toy: where the items lie in it, and when their paths part."""

from __future__ import annotations

import numpy as np
from sklearn.manifold import ClassicalMDS

from models.toy.hierarchy import Hierarchy, Node


def separation(hidden: np.ndarray, tree: Hierarchy, node: Node) -> np.ndarray:
    """Distance in the hidden layer between the centroids of a node's children, mean over pairs of
    children.

    Args:
        hidden: W1, (checkpoints, hidden, items): column k is the hidden layer's answer to item k.
        tree: the hierarchy.
        node: of the tree, with at least two children, which are told apart.

    Returns:
        (checkpoints,), in the unit of the hidden layer.
    """
    centroids = []
    for child in node.children:
        members = [tree.items.index(leaf) for leaf in child.leaves()]
        centroids.append(hidden[..., members].mean(-1))
    pairs = [(a, b) for i, a in enumerate(centroids) for b in centroids[i + 1 :]]
    return np.mean([np.linalg.norm(a - b, axis=-1) for a, b in pairs], axis=0)


def branch_point(steps: np.ndarray, distance: np.ndarray) -> tuple[float, float]:
    """When paths part.

    Args:
        steps: training steps (steps,), increasing; at least two.
        distance: between the paths, (steps,), any unit.

    Returns:
        the step at which the distance accelerates most (the branch point proper), and the step at
        which it grows fastest; both among `steps`.
    """
    speed = np.gradient(distance, steps)
    bend = np.gradient(speed, steps)
    return float(steps[int(bend.argmax())]), float(steps[int(speed.argmax())])


def embed(hidden: np.ndarray) -> np.ndarray:
    """Two-dimensional classical multidimensional scaling of all items at all checkpoints at once.

    Args:
        hidden: W1, (checkpoints, hidden, items).

    Returns:
        (checkpoints, items, 2), in the unit of the hidden layer; signs fixed so that the last point
        of the first item is positive.

    Source: Torgerson 1952, by scikit-learn.
    """
    K, width, n = hidden.shape
    points = hidden.transpose(0, 2, 1).reshape(K * n, width)
    plane = ClassicalMDS(n_components=2).fit_transform(points).reshape(K, n, 2)
    return plane * np.where(plane[-1, 0] < 0, -1.0, 1.0)
