"""Stage: the closed form's error split into its causes, and first-order theory's agreement."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from analysis.theory.closed_form_error import CAUSES, Rungs, closed_form_rungs, relative_error
from models.toy.linear_network import Weights, aligned_weights, random_weights
from models.toy.training import recorded_steps
from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.provenance.store import provenance, write_table

logger = logging.getLogger(__name__)

HOME = "toy"  # the configured hierarchy itself, beside the theory's variants
NOTHING = "nothing"


def hierarchies(config: Config) -> dict[str, ToyConfig]:
    """The toy itself and the variants with other hierarchies, those that theory covers; the
    others are left out, loudly."""
    found = {HOME: config.toy, **{name: config.variant(name) for name in config.theory.hierarchies}}
    for name, toy in found.items():
        if not toy.has_closed_form:
            logger.warning("%s: theory needs gradient descent and a hidden unit per item (%d): "
                           "left out", name, len(toy.tree.items))  # fmt: skip
    return {name: toy for name, toy in found.items() if toy.has_closed_form}


def run(config: Config, errors: Path, curves: Path) -> None:
    """Write two tables, for every hierarchy from a random and from an aligned start (first seed).

    errors: hierarchy, initialisation, taken_away (nothing, then one cause more per row; or
    "<cause> alone"; or "first_order"), order, error (norm of the closed form minus the influence
    with those causes taken away, over the norm of the latter; for first_order: of the tangent
    system against the unrolled derivative), correlation (of the two, over times and pairs),
    contribution (norm of what this cause changed, over the norm of the exact influence; 0 where
    it does not apply).
    curves: taken_away, step, source, target, influence: the ladder on the toy, focus pairs, from
    a random start.
    """
    rows, drawn = [], []
    for name, toy in hierarchies(config).items():
        targets = torch.tensor(toy.tree.targets())
        steps = recorded_steps(toy.steps, toy.checkpoint_every)
        for start, initial in _starts(toy, targets, config.seed):
            rungs = closed_form_rungs(initial, targets, steps, learning_rate=toy.learning_rate)
            rows += [{"hierarchy": name, "initialisation": start, **row} for row in _rows(rungs)]
            if name == HOME and start == "random":
                drawn = _curves(config, rungs, steps)
    columns = ["hierarchy", "initialisation", "taken_away", "order", "error", "correlation",
               "contribution"]  # fmt: skip
    origin = provenance(config.model_dump(), config.seed)
    write_table(pd.DataFrame(rows, columns=columns), errors, origin)
    names = ["taken_away", "step", "source", "target", "influence"]
    write_table(pd.DataFrame(drawn, columns=names), curves, origin)


def _starts(toy: ToyConfig, targets: torch.Tensor, seed: int) -> Iterator[tuple[str, Weights]]:
    """A random and an aligned start of the same scale."""
    features, items = targets.shape
    yield "random", random_weights(items, features, toy.hidden_width, toy.init_scale, seed)
    yield "aligned", aligned_weights(targets, toy.hidden_width, toy.init_scale)


def _rows(rungs: Rungs) -> list[dict[str, object]]:
    """The rows of one training run."""
    ladder, closed = (rungs.exact, *rungs.influences), rungs.influences[-1]
    size = np.linalg.norm(rungs.exact)
    rows = []
    for order, (cause, rung) in enumerate(zip((NOTHING, *CAUSES), ladder, strict=True)):
        change = np.linalg.norm(rung - ladder[order - 1]) / size if order else 0.0
        rows.append(_row(cause, order, closed, rung, float(change)))
    for cause, influence in rungs.alone.items():
        change = np.linalg.norm(influence - rungs.exact) / size
        rows.append(_row(f"{cause} alone", -1, closed, influence, float(change)))
    return [*rows, _row("first_order", -1, rungs.first_order, rungs.exact, 0.0)]


def _row(
    name: str, order: int, found: np.ndarray, exact: np.ndarray, contribution: float
) -> dict[str, object]:
    return {
        "taken_away": name,
        "order": order,
        "error": relative_error(found, exact),
        "correlation": float(np.corrcoef(found.ravel(), exact.ravel())[0, 1]),
        "contribution": contribution,
    }


def _curves(config: Config, rungs: Rungs, steps: list[int]) -> list[tuple[object, ...]]:
    """Every rung's curves of the focus source on its targets."""
    tree = config.toy.tree
    source, *targets = tree.focus(config.toy.focus)
    i = tree.items.index(source)
    return [
        (cause, step, source, target, float(rung[k, i, tree.items.index(target)]))
        for cause, rung in zip((NOTHING, *CAUSES), (rungs.exact, *rungs.influences), strict=True)
        for target in targets
        for k, step in enumerate(steps)
    ]
