"""Truths of 02_learning_in_stages. Reading them spoils the exercises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.development.distinctions import progress, rise_times, theory_maps
from analysis.theory.modes import half_rise_time, mode_strength
from checking import Exercises, WrongKind, described
from models.toy.hierarchy import DEFAULT_HIERARCHY, Hierarchy

exercises = Exercises()
check = exercises.check

TREE = Hierarchy.from_mapping(DEFAULT_HIERARCHY)
ITEMS, RATE, WIDTH, SCALE = 8, 0.05, 16, 0.01
START = WIDTH * SCALE**2 / 2
SINGULAR = np.linalg.svd(TREE.targets() / ITEMS, compute_uv=False)
LATEST = 4000  # steps that a tree of one's own is given


@exercises.add(
    1,
    wants="a number, within 0.001",
    within=0.001,
    says="{truth:.4f}, from the eigenvalue 4 + 3 - 2 - 2 = 3",
    hint="multiply the table of shared features by (1, 1, -1, -1, 0, 0, 0, 0)",
    slips={
        "that is the eigenvalue; the singular value of Y is its root": lambda s: 64 * s**2,
        "that is a singular value of Y; divide by the 8 items": lambda s: 8 * s,
    },
)
def mammal_or_bird() -> float:
    return float(SINGULAR[2])


@exercises.add(
    2,
    wants="a function of s, t, g0 and sigma that returns a strength, within 0.1 %",
    within=1e-3,
    tried_on=[(0.3, np.linspace(0, 40, 50), 1e-3, 1 / 8), (0.1, 12.0, 0.05, 0.25)],
    says="the logistic curve",
    hint="at t = 0 it must be g0, for large t it must be s/sigma; compare with the formula above",
)
def logistic() -> Callable[..., np.ndarray]:
    return mode_strength


@exercises.add(
    3,
    wants="a number of training steps, within 2",
    within=2.0,
    says="step {truth:.0f}",
    hint="t = log(s / (sigma g0) - 1) / (2 s) with s = 1/8, sigma = 1/8; and t = rate × steps",
    slips={"that is t; a training step is 0.05 of it": lambda step: step * RATE},
)
def leaves() -> float:
    return float(half_rise_time(SINGULAR[-1], START, 1 / ITEMS)) / RATE


@exercises.add(
    4,
    wants="a number of training steps, within 2",
    within=2.0,
    says="{truth:.0f} steps, close to log(100) / (2 s × rate)",
    hint="only the logarithm of g0 enters; how does g0 depend on the scale of the weights?",
    slips={"g0 is a product of two layers, so it falls a hundredfold": lambda later: later / 2},
)
def smaller_start() -> float:
    smaller = half_rise_time(SINGULAR[-1], START / 100, 1 / ITEMS)
    return float(smaller) / RATE - leaves()


@exercises.add(
    5,
    wants="a loss, within 0.01",
    within=0.01,
    says="{truth:.3f}: two eigenvalues 3 and four eigenvalues 1 are left, over 2 × 8",
    hint="which modes are still at zero? Each leaves the square of its final strength, s/sigma",
    slips={
        "a loss is half of the squared error": lambda loss: 2 * loss,
        "the loss is a mean over the eight items": lambda loss: 8 * loss,
    },
)
def plateau() -> float:
    return float(((SINGULAR[2:] * ITEMS) ** 2).sum() / (2 * ITEMS))


@exercises.add(
    6,
    wants="a mapping like DEFAULT_HIERARCHY, with a finer distinction learnt before a coarser one",
    judges=True,
    says="theory has the finer one half learnt first",
    hint="",
)
def finer_first(answer: object) -> str | None:
    if not isinstance(answer, dict):
        raise WrongKind(described(answer))
    tree = Hierarchy.from_mapping(answer)
    middles = half_learnt(tree)
    for depth, when in middles.values():
        for deeper, sooner in middles.values():
            if deeper > depth and sooner < when:
                return None
    order = ", ".join(f"{name} {when:.0f}" for name, (_, when) in middles.items())
    return f"here half-way is at steps {order}; make a branch rare and another one crowded"


def half_learnt(tree: Hierarchy) -> dict[str, tuple[int, float]]:
    """Depth of every distinction and the step at which theory has it half learnt."""
    targets, steps = tree.targets(), np.arange(0, LATEST, 4)
    maps = theory_maps(targets, RATE * steps, START)
    return {
        " | ".join(child.name for child in node.children): (
            tree.depth(node),
            rise_times(steps, progress(maps, targets, tree.contrasts(node)))[1],
        )
        for node in tree.distinctions()
    }
