"""The semantic hierarchy."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.toy.hierarchy import Hierarchy
from tests.conftest import UNBALANCED


def test_singular_values_of_the_default_tree(tree):
    # Known: one value per level of the tree; a wrong target row or normalisation changes them.
    s = np.linalg.svd(tree.targets() / 8, compute_uv=False)
    np.testing.assert_allclose(s, [0.4841, 0.3307, *[0.2165] * 2, *[0.1250] * 4], atol=5e-5)


def test_targets_are_the_nodes_above_an_item(tree):
    sparrow = tree.targets()[:, tree.items.index("sparrow")]
    named = {tree.features[row] for row in np.flatnonzero(sparrow)}
    assert named == {"organism", "animal", "bird", "sparrow"}
    assert tree.targets().shape == (15, 8)


@pytest.mark.parametrize(
    "mapping",
    [
        {"r": {"a": ["x", "y"], "b": "z"}},
        {"r": {"a": {"x": None, "y": {}}, "b": ["z"]}},
        {"r": [{"a": ["x", "y"]}, {"b": {"z": []}}]},
    ],
)
def test_every_way_of_writing_a_tree_is_the_same_tree(mapping):
    tree = Hierarchy.from_mapping(mapping)
    assert tree.items == ("x", "y", "z")
    assert tree.features == ("r", "a", "b", "x", "y", "z")


def test_several_top_level_keys_get_a_root():
    tree = Hierarchy.from_mapping({"a": ["x", "y"], "b": ["z", "w"]})
    assert tree.features[0] == "root"
    np.testing.assert_array_equal(tree.targets()[0], 1)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"a": {"b": "x"}}, r"1 item\(s\) \(x\)"),
        ({"a": ["x", "x"]}, "duplicate name"),
        ({"a": {"b": ["x", "y"], "x": ["z"]}}, "duplicate name"),
        ({"a": ["x", 1]}, "1 is neither a name"),
        ({1: ["x", "y"]}, "name 1 is not text"),
        ({}, "1 item"),
    ],
)
def test_impossible_trees_are_refused_by_name(mapping, message):
    with pytest.raises(ValueError, match=message):
        Hierarchy.from_mapping(mapping)


def test_contrasts_tell_only_their_own_children_apart(tree):
    # In a balanced tree contrasts of different nodes are orthogonal: they are singular vectors.
    rows = np.concatenate([tree.contrasts(node) for node in tree.distinctions()])
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-12)
    np.testing.assert_allclose(rows.sum(1), 0, atol=1e-12)


def test_orbits_are_those_of_the_automorphism_group():
    # Brute force over all permutations of the items of a small unbalanced tree.
    tree = Hierarchy.from_mapping({"a": {"b": ["x", "y"], "c": ["u", "v"]}, "d": "z"})
    gram = tree.targets().T @ tree.targets()  # shared ancestors of every two items
    symmetries = [
        list(p) for p in permutations(range(5)) if np.array_equal(gram[np.ix_(p, p)], gram)
    ]
    assert len(symmetries) == 8
    for i, j in permutations(range(5), 2):
        moved = {(p[i], p[j]) for p in symmetries}
        for k, m in permutations(range(5), 2):
            same = tree.orbit(tree.items[i], tree.items[j]) == tree.orbit(
                tree.items[k], tree.items[m]
            )
            assert same == ((k, m) in moved)


def test_focus_is_the_papers_or_one_item_per_ancestor(tree):
    assert tree.focus() == ("dog", "cat", "sparrow", "lily")
    other = Hierarchy.from_mapping(UNBALANCED)
    assert other.focus() == ("sparrow", "robin", "dog", "rose")
    with pytest.raises(ValueError, match="unknown item"):
        tree.focus(["dog", "wolf"])
    with pytest.raises(ValueError, match="at least one other"):
        tree.focus(["dog"])


def test_depth_and_common_ancestor():
    tree = Hierarchy.from_mapping(UNBALANCED)
    node = tree.lowest_common_ancestor("rose", "daisy")
    assert (node.name, tree.depth(node)) == ("flower", 2)
    with pytest.raises(ValueError, match="unknown item 'wolf'"):
        tree.lowest_common_ancestor("rose", "wolf")


def _trees() -> st.SearchStrategy[list]:
    return st.recursive(
        st.none(), lambda inner: st.lists(inner, min_size=2, max_size=3), max_leaves=8
    )


@settings(max_examples=40, deadline=None)
@given(_trees().filter(lambda shape: shape is not None))
def test_targets_have_full_rank_for_every_shape(shape):
    counter = iter(range(1000))

    def build(part: list | None) -> dict | None:
        return None if part is None else {f"n{next(counter)}": build(p) for p in part}

    tree = Hierarchy.from_mapping({"top": build(shape)})
    assert np.linalg.matrix_rank(tree.targets()) == len(tree.items)
    assert len(tree.features) == len(set(tree.features))
