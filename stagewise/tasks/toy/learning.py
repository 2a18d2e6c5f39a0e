"""Stage: what was learnt when: losses, mode strengths, transitions and the hidden layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.development.distinctions import (
    branch_point,
    embed,
    mode_strengths,
    progress,
    rise_times,
    separation,
    stage_name,
    theory_maps,
)
from analysis.theory.modes import half_rise_time
from models.toy.checkpoints import ToyRun
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import initial_mode_strength, mode_basis, sample_losses
from stagewise.config import Config
from stagewise.provenance.store import provenance, write_table
from stagewise.tasks.toy.common import load_checked

OUTPUTS = ("losses", "modes", "transitions", "embedding")


def run(config: Config, inputs: Sequence[Path], outputs: dict[str, Path]) -> None:
    """Write four tables over all seeds.

    losses: seed, step, item, loss. modes: seed, step, mode, singular_value, measured, theory
    (strengths), and for the mode as a whole start, middle, end (steps at 10, 50, 90 % of its
    final strength: half-rise, and the width from the other two) and theory_middle. transitions:
    seed, stage, node, depth, start, middle, end (steps at 10, 50, 90 % of the distinction
    learnt), theory_middle, knee, fastest (of the separation in the hidden layer). embedding:
    seed, step, item, x, y. Theory is gradient descent's: NaN for other optimizers.
    """
    tree, theory = config.toy.tree, config.toy.training == "gradient_descent"
    runs = [load_checked(path, config) for path in inputs]
    tables = {
        "losses": [_losses(run_) for run_ in runs],
        "modes": [_modes(run_, theory) for run_ in runs],
        "transitions": [_transitions(run_, tree, theory) for run_ in runs],
        "embedding": [_embedding(run_) for run_ in runs],
    }
    origin = provenance(config.model_dump(), config.toy_seeds)
    for name, parts in tables.items():
        write_table(pd.concat(parts, ignore_index=True), outputs[name], origin)


def _losses(run_: ToyRun) -> pd.DataFrame:
    values = sample_losses(run_.weights, run_.targets).numpy()
    k, i = np.indices(values.shape).reshape(2, -1)
    columns = {"seed": run_.seed, "step": np.array(run_.steps)[k], "item": np.array(run_.items)[i]}
    return pd.DataFrame({**columns, "loss": values.ravel()})


def _modes(run_: ToyRun, theory_holds: bool) -> pd.DataFrame:
    targets, maps = run_.targets.numpy(), (run_.weights.W2 @ run_.weights.W1).numpy()
    initial, (_, s, _) = initial_mode_strength(run_.initial, run_.targets), mode_basis(targets)
    measured = mode_strengths(maps, targets)
    theory = mode_strengths(theory_maps(targets, _times(run_), initial), targets)
    half = half_rise_time(s, initial, 1 / len(run_.items)) / run_.learning_rate
    final = s * len(run_.items)  # s / sigma with sigma = 1 / items
    steps = np.array(run_.steps)
    rise = np.array([rise_times(steps, curve) for curve in (measured / final).T])
    if not theory_holds:
        theory, half = np.full_like(theory, np.nan), np.full_like(half, np.nan)
    k, m = np.indices(measured.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "seed": run_.seed,
            "step": steps[k],
            "mode": m,
            "singular_value": s[m],
            "measured": measured.ravel(),
            "theory": theory.ravel(),
            "start": rise[m, 0],
            "middle": rise[m, 1],
            "end": rise[m, 2],
            "theory_middle": half[m],
        }
    )


def _transitions(run_: ToyRun, tree: Hierarchy, theory_holds: bool) -> pd.DataFrame:
    targets, maps = run_.targets.numpy(), (run_.weights.W2 @ run_.weights.W1).numpy()
    initial = initial_mode_strength(run_.initial, run_.targets)
    theory = theory_maps(targets, _times(run_), initial)
    hidden, steps = run_.weights.W1.numpy(), np.array(run_.steps)
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
                "seed": run_.seed,
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


def _embedding(run_: ToyRun) -> pd.DataFrame:
    plane = embed(run_.weights.W1.numpy())
    k, i = np.indices(plane.shape[:2]).reshape(2, -1)
    columns = {"seed": run_.seed, "step": np.array(run_.steps)[k], "item": np.array(run_.items)[i]}
    return pd.DataFrame({**columns, "x": plane[..., 0].ravel(), "y": plane[..., 1].ravel()})


def _times(run_: ToyRun) -> np.ndarray:
    return np.array(run_.steps) * run_.learning_rate
