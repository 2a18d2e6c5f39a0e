"""Truths of 01_from_covariance_to_sign_flip. Reading them spoils the exercises."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch

from analysis.estimators.first_order import first_order_influence
from analysis.estimators.loo import leave_one_out
from analysis.statistics.crossings import crossings
from analysis.theory.modes import peak_share
from checking import Exercises, WrongKind, described, numbers
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy
from models.toy.linear_network import Weights, random_weights
from models.toy.training import recorded_steps

exercises = Exercises()
check = exercises.check

NUMBERS = np.array([0.0, 1.0, 3.0])
RATE, WIDTH, SCALE, EVERY = 0.05, 16, 0.01, 20
RECORD = recorded_steps(1000, EVERY)


@exercises.add(
    1,
    wants="a number, within 0.1",
    within=0.1,
    says="it tends to {truth:.2f}, minus the product of the gradients",
    hint="gamma × v tends to 1, and v²/2 vanishes beside it; what is left of the formula above?",
    slips={"0 and 3 lie on different sides of the mean: 0 harms 3": lambda value: -value},
)
def strongly_localised() -> float:
    gaps = NUMBERS.mean() - NUMBERS
    return float(-gaps[0] * gaps[2])


@exercises.add(
    2,
    wants="a factor, within 0.04",
    within=0.04,
    says="the variance is {truth:.2f} times too large",
    hint="divide the sampled influences by the exact ones; or take 1 - step × k / 4 with k = 4",
    slips={"sampled over exact, not the other way round": lambda factor: 1 / factor},
)
def step_bias() -> float:
    return 1 / (1 - 0.1 * 4 / 4)


@exercises.add(
    3,
    wants="two triples (covariance in U, in V, product of the gaps): the first flips twice, "
    "the second once",
    judges=True,
    says="twice and once",
    hint="",
)
def twice_and_once(answer: object) -> str | None:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        raise WrongKind(described(answer))
    share = np.linspace(0, 1, 10_001)
    counts = []
    for triple in answer:
        within_u, within_v, gaps = numbers(triple, (3,))
        total = share * within_u + (1 - share) * within_v + share * (1 - share) * gaps
        counts.append(len(crossings(total)[1]))
    if counts == [2, 1]:
        return None
    return (
        f"these change sign {counts[0]} and {counts[1]} times; what are the two ends of the curve?"
    )


@exercises.add(
    4,
    wants="a share from 0 to 1, within 0.02",
    within=0.02,
    says="one third, whatever the singular value",
    hint="peak_share(0.33, ever smaller, 1/8): where do the values go?",
    slips={"half rise comes later: influence peaks before": lambda _: 0.5},
)
def limit_of_the_peak() -> float:
    return peak_share(0.33, 1e-250, 1 / 8)


def _start(tree: Hierarchy) -> Weights:
    return random_weights(len(tree.items), len(tree.features), WIDTH, SCALE, seed=0)


@cache
def _default() -> tuple[Hierarchy, np.ndarray]:
    tree = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
    return tree, _influence(tree)


def _influence(tree: Hierarchy) -> np.ndarray:
    targets = torch.tensor(tree.targets())
    return first_order_influence(_start(tree), targets, RECORD, learning_rate=RATE).numpy()


def _turns_harmful(curve: np.ndarray) -> float:
    """Step of the first change from helpful to harmful, interpolated; infinity if there is none."""
    (k,), share = crossings(curve)
    for before, part in zip(k, share, strict=True):
        if curve[before] < 0:
            return float(RECORD[before] + part * EVERY)
    return float("inf")


@exercises.add(
    5,
    wants="a list of cat, sparrow and lily, the earliest flip first",
    says="the earlier two things are told apart, the earlier they begin to harm each other",
    hint="at which level of the tree is each told from a dog, and which level is learnt first?",
)
def order_of_flips() -> list[str]:
    tree, exact = _default()
    dog = tree.items.index("dog")
    others = ("cat", "sparrow", "lily")
    return sorted(others, key=lambda o: _turns_harmful(exact[:, dog, tree.items.index(o)]))


@exercises.add(
    6,
    wants="(a mapping like DEFAULT_HIERARCHY, an item, another item, a step within 20)",
    judges=True,
    says="that is its first flip to harmful",
    hint="",
)
def own_tree(answer: object) -> str | None:
    if not isinstance(answer, list | tuple) or len(answer) != 4:
        raise WrongKind(described(answer))
    mapping, first, second, step = answer
    if not isinstance(mapping, Mapping):
        raise WrongKind(f"{described(mapping)} in the first place")
    tree = Hierarchy.from_mapping(dict[str, Any](mapping))
    top = tree.distinctions()[0]
    if tree.lowest_common_ancestor(first, second) != top:
        return f"{first} and {second} are not told apart at {top.name}: take two of its branches"
    curve = _influence(tree)[:, tree.items.index(first), tree.items.index(second)]
    if abs(float(numbers(step, ())) - _turns_harmful(curve)) <= EVERY:
        return None
    return "where does influence[:, first, second] go from negative to positive for the first time?"


@exercises.add(
    7,
    wants="a number of training steps, within 15",
    within=15.0,
    says="{truth:.0f} steps later",
    hint="where does leave-one-out of dog → cat turn positive? Subtract where the exact one does",
    slips={"that is when; asked for is how much later": lambda later: later + _flip_of_cat()},
)
def later_by_removal() -> float:
    tree, _ = _default()
    targets = torch.tensor(tree.targets())
    removed = leave_one_out(_start(tree), targets, RECORD, [1.0], learning_rate=RATE)[0].numpy()
    dog, cat = tree.items.index("dog"), tree.items.index("cat")
    return _turns_harmful(removed[:, dog, cat]) - _flip_of_cat()


def _flip_of_cat() -> float:
    tree, exact = _default()
    return _turns_harmful(exact[:, tree.items.index("dog"), tree.items.index("cat")])
