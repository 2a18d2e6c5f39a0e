"""Semantic hierarchies: a tree of named nodes whose leaves are the items a network learns.

The targets of an item are the indicators of the tree nodes above it, itself included:
a sparrow is an organism, an animal, a bird and a sparrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

ROOT = "root"

DEFAULT_HIERARCHY: dict[str, Any] = {
    "organism": {
        "animal": {"mammal": ["dog", "cat"], "bird": ["sparrow", "robin"]},
        "plant": {"flower": ["rose", "lily"], "tree": ["oak", "pine"]},
    }
}


@dataclass(frozen=True)
class Node:
    """A node of the tree; a node without children is an item.

    Attributes:
        name: unique in the tree.
        children: left to right.
    """

    name: str
    children: tuple[Node, ...] = ()

    def leaves(self) -> tuple[str, ...]:
        """Names of the items below this node (itself if it is one), left to right."""
        if not self.children:
            return (self.name,)
        return tuple(leaf for child in self.children for leaf in child.leaves())

    def walk(self) -> list[Node]:
        """This node and all below it, breadth first: the order of the target rows."""
        nodes = [self]
        for node in nodes:
            nodes.extend(node.children)
        return nodes


@dataclass(frozen=True)
class Hierarchy:
    """A tree over items.

    Attributes:
        root: the tree.
        items: item names (the leaves), left to right; item k is input k.
        features: node names, breadth first; feature r is target row r.
    """

    root: Node
    items: tuple[str, ...] = field(init=False)
    features: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", self.root.leaves())
        object.__setattr__(self, "features", tuple(node.name for node in self.root.walk()))
        repeated = sorted({name for name in self.features if self.features.count(name) > 1})
        if repeated:
            raise ValueError(
                f"duplicate name(s) {', '.join(repeated)}: every node and item needs its own name"
            )
        if len(self.items) < 2:
            raise ValueError(
                f"{len(self.items)} item(s) ({', '.join(self.items)}): a hierarchy needs at least 2"
            )

    @classmethod
    def from_mapping(cls, tree: Mapping[str, Any]) -> Hierarchy:
        """Build a hierarchy from a nested mapping.

        A key is a node. Its value lists what is below: a mapping, a list of names (or of
        mappings), one name, or nothing for an item. A single top-level key is the root;
        several get a root named "root".

        Args:
            tree: nested mapping; leaves are strings or keys without value.

        Returns:
            the hierarchy.

        Raises:
            ValueError: a name is not text, is repeated, or fewer than two items remain.

        Example:
            >>> tree = {"animal": {"bird": ["sparrow", "robin"], "dog": None}, "plant": "oak"}
            >>> Hierarchy.from_mapping(tree).items
            ('sparrow', 'robin', 'dog', 'oak')
        """
        if not isinstance(tree, Mapping):
            raise ValueError(f"{tree!r} is not a mapping of names to what is below them")
        nodes = _parse(tree, where="hierarchy")
        return cls(nodes[0] if len(nodes) == 1 and nodes[0].children else Node(ROOT, nodes))

    def targets(self) -> np.ndarray:
        """Node indicators Y (features, items): Y[r, k] = 1 if node r is above or is item k, else
        0.

        Returns:
            (features, items), float64.

        Example:
            >>> Hierarchy.from_mapping({"animal": ["dog", "cat"]}).targets().tolist()
            [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
        """
        below = [set(node.leaves()) for node in self.root.walk()]
        return np.array([[float(item in leaves) for item in self.items] for leaves in below])

    def distinctions(self) -> list[Node]:
        """Nodes with at least two children, breadth first: each tells its children apart."""
        return [node for node in self.root.walk() if len(node.children) > 1]

    def depth(self, node: Node) -> int:
        """How deep a node lies.

        Args:
            node: of this tree.

        Returns:
            number of nodes above it; 0 for the root.
        """
        leaves = set(node.leaves())
        above = [other for other in self.root.walk() if leaves <= set(other.leaves())]
        return [other.name for other in above].index(node.name)

    def contrasts(self, node: Node) -> np.ndarray:
        """Input directions told apart at a node: the mean of one child's items minus that of
        another's.

        Args:
            node: of this tree, with at least two children.

        Returns:
            (pairs of children, items), rows of unit length.
        """
        means = []
        for child in node.children:
            indicator = np.array([float(item in child.leaves()) for item in self.items])
            means.append(indicator / indicator.sum())
        rows = np.array([a - b for a, b in combinations(means, 2)])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def lowest_common_ancestor(self, first: str, second: str) -> Node:
        """The smallest node above both items: where the two are told apart.

        Args:
            first: an item.
            second: an item.

        Returns:
            the deepest node above both; the item itself where the two are one.

        Raises:
            ValueError: a name is not an item of this hierarchy.

        Example:
            >>> tree = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
            >>> tree.lowest_common_ancestor("dog", "robin").name
            'animal'
        """
        for name in (first, second):
            if name not in self.items:
                raise ValueError(f"unknown item {name!r}; items: {', '.join(self.items)}")
        above = [node for node in self.root.walk() if {first, second} <= set(node.leaves())]
        return above[-1]

    def orbit(self, source: str, target: str) -> str:
        """Label shared by exactly the ordered pairs that an automorphism of the tree maps onto
        each other.

        Two marked trees are isomorphic when their canonical forms agree (children sorted by
        their own canonical form).

        Args:
            source: an item.
            target: an item.

        Returns:
            a name shared by the pairs that a symmetry of the tree exchanges.

        Example:
            >>> tree = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
            >>> tree.orbit("dog", "oak") == tree.orbit("lily", "robin")
            True
            >>> tree.orbit("dog", "cat") == tree.orbit("dog", "robin")
            False
        """

        def canonical(node: Node) -> str:
            mark = "s" * (node.name == source) + "t" * (node.name == target)
            return f"({mark}{''.join(sorted(canonical(child) for child in node.children))})"

        return canonical(self.root)

    def focus(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """A source and its targets for close-up figures and claims, nearest relative first.

        `names` if given; else the paper's dog, cat, sparrow, lily where the tree has them; else
        the first item and the first item told apart from it at every ancestor.

        Args:
            names: items to look at, source first; None: chosen from the tree.

        Returns:
            the items, in order.

        Raises:
            ValueError: fewer than two names, a repeated one, or one that is not an item.
        """
        paper = ("dog", "cat", "sparrow", "lily")
        if names is None and set(paper) <= set(self.items):
            names = paper
        if names is not None:
            unknown = [name for name in names if name not in self.items]
            if unknown:
                raise ValueError(
                    f"unknown item(s) {', '.join(unknown)}; items: {', '.join(self.items)}"
                )
            if len(names) < 2 or len(set(names)) < len(names):
                raise ValueError(f"{list(names)}: needs a source and at least one other item")
            return tuple(names)
        source = self.items[0]
        chosen: dict[str, str] = {}
        for item in self.items[1:]:
            chosen.setdefault(self.lowest_common_ancestor(source, item).name, item)
        depth = {node.name: rank for rank, node in enumerate(self.root.walk())}
        return (source, *(chosen[name] for name in sorted(chosen, key=lambda n: -depth[n])))


def stage_name(node: Node) -> str:
    """A distinction by what it tells apart.

    Args:
        node: of the hierarchy, with children.

    Returns:
        the children's names, as in "mammal | bird".

    Example:
        >>> stage_name(Node("animal", (Node("mammal"), Node("bird"))))
        'mammal | bird'
    """
    return " | ".join(child.name for child in node.children)


def _parse(below: Any, where: str) -> tuple[Node, ...]:
    if below is None or below == {} or below == []:
        return ()
    if isinstance(below, str):
        return (Node(below),)
    if isinstance(below, Mapping):
        for name in below:
            if not isinstance(name, str) or not name:
                raise ValueError(f"{where}: name {name!r} is not text (quote it in YAML)")
        return tuple(Node(name, _parse(sub, f"{where}.{name}")) for name, sub in below.items())
    if isinstance(below, Sequence):
        return tuple(node for entry in below if (nodes := _parse(entry, where)) for node in nodes)
    raise ValueError(f"{where}: {below!r} is neither a name, a list nor a mapping (quote it)")
