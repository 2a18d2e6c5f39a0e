"""What the toy's stages share: reading runs and laying results out as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pandas as pd

from models.settings import Optimizer

if TYPE_CHECKING:  # stages that only handle tables need no torch
    from torch import Tensor

    from models.checkpoints import ToyRun


class TrainingOptions(TypedDict):
    """Keyword arguments of everything that trains."""

    optimizer: Optimizer
    learning_rate: float


def training_options(toy: Any) -> TrainingOptions:
    """Optimizer and learning rate of a toy configuration."""
    return {"optimizer": toy.optimizer, "learning_rate": toy.learning_rate}


def pair_table(values: np.ndarray | Tensor, run: ToyRun, **columns: Any) -> pd.DataFrame:
    """Values (checkpoints, source, target) as rows with columns step, source, target.

    Args:
        columns: further columns; arrays of the shape of `values`, or constants.
    """
    steps, items = np.array(run.steps), np.array(run.items)
    k, i, j = np.indices(values.shape).reshape(3, -1)
    table = pd.DataFrame({"step": steps[k], "source": items[i], "target": items[j]})
    for name, column in {"influence": np.asarray(values), **columns}.items():
        table[name] = column.reshape(-1) if isinstance(column, np.ndarray) else column
    return table


INFLUENCE_COLUMNS = [
    "estimator",
    "eta",
    "step",
    "source",
    "target",
    "influence",
    "std_error",
    "normalized",
    "seed",
]


def influence_table(
    estimator: str,
    values: np.ndarray | Tensor,
    run: ToyRun,
    *,
    eta: float = float("nan"),
    std_error: np.ndarray | float = float("nan"),
    normalized: bool = False,
) -> pd.DataFrame:
    """Influence (checkpoints, source, target) of one estimator in the layout of the contract."""
    table = pair_table(values, run, eta=eta, std_error=std_error, normalized=normalized)
    return table.assign(estimator=estimator, seed=run.seed)[INFLUENCE_COLUMNS]


def curves(table: pd.DataFrame, value: str = "influence") -> tuple[np.ndarray, np.ndarray]:
    """A table of one curve per seed and pair as (steps,) and an array (seeds, steps, source,
    target), at the steps that every seed has.

    Sources and targets stay in the order in which the table lists them.
    """
    seeds = table["seed"].nunique()
    shared = table.groupby("step")["seed"].nunique() == seeds
    steps = shared.index[shared].to_numpy()
    ordered = table[table["step"].isin(steps)].sort_values(["seed", "step"], kind="stable")
    items = ordered["source"].nunique()
    return steps, ordered[value].to_numpy(float).reshape(seeds, len(steps), items, items)


def estimator_label(estimator: str, eta: float, normalized: bool) -> str:
    """One name per curve: bif, bif_normalized, unrolled, loo_0.5, ..."""
    if np.isfinite(eta):
        return f"loo_{eta:g}"
    return f"{estimator}_normalized" if normalized else estimator


def labelled(influence: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The influence table by label, each with rows in the order they were written."""
    keys = influence.groupby(["estimator", "eta", "normalized"], dropna=False, sort=False)
    return {estimator_label(*key): group for key, group in keys}
