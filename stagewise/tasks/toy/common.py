"""What the toy's stages share: reading runs and laying results out as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import pandas as pd

from models.toy.settings import Optimizer

if TYPE_CHECKING:  # stages that only handle tables need no torch
    from torch import Tensor

    from models.toy.checkpoints import ToyRun
    from stagewise.config import Config


class TrainingOptions(TypedDict):
    """Keyword arguments of everything that trains."""

    optimizer: Optimizer
    learning_rate: float
    batches: Tensor | None


NETWORK_KEYS = (
    "hierarchy", "hidden_width", "learning_rate", "init_scale", "initialisation", "steps",
    "checkpoint_every", "optimizer", "batch_size",
)  # fmt: skip


def load_checked(path: Path, config: Config) -> ToyRun:
    """A run's checkpoints, if they were made by this configuration.

    Raises:
        CheckpointError: the file is damaged, or was trained with other settings; names them.
    """
    from models.storage.errors import CheckpointError
    from models.toy.checkpoints import load_config_of, load_run

    run_, made = load_run(path), load_config_of(path).get("toy", {})
    wanted = config.toy.model_dump()
    for key in NETWORK_KEYS:
        if made.get(key) != wanted[key]:
            raise CheckpointError(
                f"{path} was trained with toy.{key} = {made.get(key)!r}, the configuration says "
                f"{wanted[key]!r}: train again, or write to other results"
            )
    if run_.items != config.toy.tree.items:
        raise CheckpointError(f"{path} has the items {run_.items}, not {config.toy.tree.items}")
    return run_


def training_options(toy: Any, seed: int) -> TrainingOptions:
    """Optimizer, learning rate and batches of a run of a toy configuration."""
    from models.toy.training import minibatches

    batches = None
    if toy.batch_size is not None:
        batches = minibatches(len(toy.tree.items), toy.batch_size, toy.steps, seed)
    return {"optimizer": toy.optimizer, "learning_rate": toy.learning_rate, "batches": batches}


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
