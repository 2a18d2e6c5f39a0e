"""Stages of the toy: when each distinction of the hierarchy is learnt."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.development.hidden_layer import branch_point, separation
from analysis.statistics.crossings import rise_times
from analysis.theory.learnt_map import mode_strengths, progress, theory_maps
from models.toy.checkpoints import ToyRun
from models.toy.hierarchy import Hierarchy, stage_name
from models.toy.linear_network import initial_mode_strength

# What says of a distinction when it is learnt, for those who follow one.
__all__ = [
    "mode_strengths", "progress", "rise_times", "stage_name", "theory_maps", "transition_table",
]  # fmt: skip


def transition_table(run: ToyRun, tree: Hierarchy, theory_holds: bool) -> pd.DataFrame:
    """When every distinction is learnt in one run, and when the hidden layer parts its items.

    Args:
        run: weights, targets and steps of one training.
        tree: the hierarchy that the targets are of.
        theory_holds: False (another optimizer): theory's time is NaN.

    Returns:
        one row per distinction, and one for "everything" (the mean over items): seed, stage, node,
        depth (-1 for everything), start, middle, end (10, 50 and 90 % learnt), theory_middle, knee
        and fastest (when the separation in the hidden layer accelerates most, and grows fastest;
        NaN for everything), all in steps; NaN where not reached.

    Raises:
        ValueError: the initial strength of the modes is not positive.
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
