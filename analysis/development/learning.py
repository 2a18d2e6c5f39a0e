"""What a run of the toy learnt, and when: losses, mode strengths, distinctions, hidden layer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.development.distinctions import transition_table
from analysis.development.hidden_layer import embed
from analysis.statistics.crossings import rise_times
from analysis.theory.learnt_map import mode_strengths, theory_maps
from analysis.theory.modes import half_rise_time
from models.toy.checkpoints import ToyRun
from models.toy.hierarchy import Hierarchy
from models.toy.linear_network import initial_mode_strength, mode_basis, sample_losses


def learning_tables(run: ToyRun, tree: Hierarchy, theory_holds: bool) -> dict[str, pd.DataFrame]:
    """What one run of the toy learnt, and when.

    Args:
        run: weights, targets and steps of one training.
        tree: the hierarchy that the targets are of.
        theory_holds: False (another optimizer): what theory says is NaN.

    Returns:
        losses, modes, transitions and embedding, as the functions of those tables give them.

    Raises:
        ValueError: the initial strength of the modes is not positive.
    """
    return {
        "losses": loss_table(run),
        "modes": mode_table(run, theory_holds),
        "transitions": transition_table(run, tree, theory_holds),
        "embedding": embedding_table(run),
    }


def loss_table(run: ToyRun) -> pd.DataFrame:
    """Loss of every item at every checkpoint.

    Args:
        run: weights, targets and steps of one training.

    Returns:
        one row per step and item: seed, step, item, loss (squared error / 2).
    """
    values = sample_losses(run.weights, run.targets).numpy()
    k, i = np.indices(values.shape).reshape(2, -1)
    columns = {"seed": run.seed, "step": np.array(run.steps)[k], "item": np.array(run.items)[i]}
    return pd.DataFrame({**columns, "loss": values.ravel()})


def mode_table(run: ToyRun, theory_holds: bool) -> pd.DataFrame:
    """Strength of every mode, measured and by theory, and when it is reached.

    Args:
        run: weights and targets of one training.
        theory_holds: False (another optimizer): what theory says is NaN.

    Returns:
        the table `toy.modes`, one row per mode and step: seed, step, mode, singular_value (of the
        input-output covariance), measured and theory (strengths, in the unit of the map), and for
        the mode as a whole start, middle, end (10, 50, 90 % of its final strength) and
        theory_middle, in steps; NaN where not reached.

    Raises:
        ValueError: the initial strength of the modes is not positive.
    """
    targets, maps = run.targets.numpy(), (run.weights.W2 @ run.weights.W1).numpy()
    initial, (_, s, _) = initial_mode_strength(run.initial, run.targets), mode_basis(targets)
    measured = mode_strengths(maps, targets)
    theory = mode_strengths(
        theory_maps(targets, np.array(run.steps) * run.learning_rate, initial), targets
    )
    half = half_rise_time(s, initial, 1 / len(run.items)) / run.learning_rate
    final = s * len(run.items)  # s / input variance, which is 1 / items
    steps = np.array(run.steps)
    rise = np.array([rise_times(steps, curve) for curve in (measured / final).T])
    if not theory_holds:
        theory, half = np.full_like(theory, np.nan), np.full_like(half, np.nan)
    k, m = np.indices(measured.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "seed": run.seed,
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


def embedding_table(run: ToyRun) -> pd.DataFrame:
    """Paths of the items through the hidden layer, in two dimensions (see `embed`).

    Args:
        run: weights and steps of one training.

    Returns:
        one row per step and item: seed, step, item, x, y (unit of the hidden layer).
    """
    plane = embed(run.weights.W1.numpy())
    k, i = np.indices(plane.shape[:2]).reshape(2, -1)
    columns = {"seed": run.seed, "step": np.array(run.steps)[k], "item": np.array(run.items)[i]}
    return pd.DataFrame({**columns, "x": plane[..., 0].ravel(), "y": plane[..., 1].ravel()})
