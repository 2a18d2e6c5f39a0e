"""In which order what has a name stands in figures and claims."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from models.corpora.grammar import CLASSES
from models.corpora.token_classes import DEFAULT_CLASSES
from models.toy.hierarchy import Hierarchy, stage_name
from stagewise.config import Config
from stagewise.tasks.theory.hierarchies import HOME

if TYPE_CHECKING:
    import pandas as pd


def ordered(config: Config, *first: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Puts a table's rows in their order, so that no figure or claim rests on that of a file.

    Args:
        first: names that come before those of the configuration, in this order.
    """
    from analysis.tables.order import in_order

    names = [*first, *names_in_order(config)]
    return lambda table: in_order(table, names)


def names_in_order(config: Config) -> list[str]:
    """Names of rows as a reader expects them: items, nodes and stages as in the hierarchies, token
    classes, models and optimizers as in the configuration. No estimator is imported for it."""
    language, theory = config.language, config.theory
    return [*dict.fromkeys((
        *of_tree(config.toy.tree),
        *(name for each in config.variants for name in of_tree(config.variant(each).tree)),
        HOME, *theory.hierarchies, *theory.optimizers,
        "unigram", "repetition", "none",
        *(name for each in language.models for name in language.classes(each)),
        *CLASSES, *DEFAULT_CLASSES,
        *language.models, *language.recorded,
    ))]  # fmt: skip


def of_tree(tree: Hierarchy) -> Iterable[str]:
    """Items, then nodes and distinctions level by level."""
    levels = [[tree.root]]
    while levels[-1]:
        levels.append([child for node in levels[-1] for child in node.children])
    nodes = [node for level in levels for node in level if node.children]
    return (*tree.items, *(name for node in nodes for name in (node.name, stage_name(node))))
