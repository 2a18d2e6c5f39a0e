"""Stages of the toy: when each distinction of the hierarchy is learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.development.hidden_layer import branch_point, separation
from analysis.statistics.crossings import rise_times
from analysis.theory.learnt_map import progress, theory_maps
from models.toy.checkpoints import ToyRun
from models.toy.hierarchy import Hierarchy, Node
from models.toy.linear_network import initial_mode_strength


def stage_name(node: Node) -> str:
    """A distinction by what it tells apart, as in "mammal | bird".

    Args:
        node: of the hierarchy, with children.

    Returns:
        the name.
    """
    return " | ".join(child.name for child in node.children)


def transition_table(run: ToyRun, tree: Hierarchy, theory_holds: bool) -> pd.DataFrame:
    """When every distinction is learnt: seed, stage, node, depth, start, middle, end (steps at 10,
    50, 90 % of it), theory_middle, knee, fastest (of the separation in the hidden layer).

    Args:
        run: weights, targets and steps of one training.
        tree: the hierarchy.
        theory_holds: whether theory's times are given too.

    Returns:
        one row per distinction.
    """
    targets, maps = run.targets.numpy(), (run.weights.W2 @ run.weights.W1).numpy()
    initial = initial_mode_strength(run.initial, run.targets)
    theory = theory_maps(targets, np.array(run.steps) * run.learning_rate, initial)
    hidden, steps = run.weights.W1.numpy(), np.array(run.steps)
    everything = np.ones((1, len(tree.items))) / np.sqrt(len(tree.items))
    rows = [("everything", tree.root.name, -1, everything, (np.nan, np.nan))]
    for node in tree.distinctions():
        apart = branch_point(steps, separation(hidden, tree, node))
        rows.append((stage_name(node), node.name, tree.depth(node), tree.contrasts(node), apart))
    table = []
    for stage, node_name, depth, directions, (knee, fastest) in rows:
        start, middle, end = rise_times(steps, progress(maps, targets, directions))
        expected = rise_times(steps, progress(theory, targets, directions))[1]
        table.append(
            {
                "seed": run.seed,
                "stage": stage,
                "node": node_name,
                "depth": depth,
                "start": start,
                "middle": middle,
                "end": end,
                "theory_middle": expected if theory_holds else np.nan,
                "knee": knee,
                "fastest": fastest,
            }
        )
    return pd.DataFrame(table)
