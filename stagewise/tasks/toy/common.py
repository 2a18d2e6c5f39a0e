"""What the toy's tasks share: their runs, checked, and what training was told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from models.toy.settings import Optimizer
from stagewise.config import Config
from stagewise.config.toy import ToyConfig
from stagewise.tasks.base import Job

if TYPE_CHECKING:  # tasks are listed without torch
    from torch import Tensor

    from analysis.estimators.base import NetworkRun
    from analysis.estimators.known_covariance import KnownCovariance
    from models.toy.checkpoints import ToyRun

TRAINED_BY = "stagewise.tasks.toy.train"
# What a toy run's checkpoints depend on.
NETWORK = (
    "hierarchy", "hidden_width", "learning_rate", "init_scale", "initialisation", "steps",
    "checkpoint_every", "optimizer", "batch_size",
)  # fmt: skip


class TrainingOptions(TypedDict):
    """Keyword arguments of everything that trains."""

    optimizer: Optimizer
    learning_rate: float
    batches: Tensor | None


def checkpoints(job: Job) -> list[Path]:
    """Checkpoint file of the job's run."""
    return [job.paths.checkpoints(job.seed)]


def all_checkpoints(job: Job) -> list[Path]:
    """Checkpoint files of all runs."""
    return [job.paths.checkpoints(seed) for seed in job.config.toy_seeds]


def load_checked(path: Path, config: Config) -> ToyRun:
    """A run's checkpoints, if they were made by this configuration.

    Raises:
        CheckpointError: the file is damaged, or was trained with other settings; names them.
    """
    from models.storage.errors import CheckpointError
    from models.toy.checkpoints import load_config_of, load_run

    run, made = load_run(path), load_config_of(path).get("toy", {})
    wanted = config.toy.model_dump()
    for key in NETWORK:
        if made.get(key) != wanted[key]:
            raise CheckpointError(
                f"{path} was trained with toy.{key} = {made.get(key)!r}, the configuration says "
                f"{wanted[key]!r}: train again, or write to other results"
            )
    if run.items != config.toy.tree.items:
        raise CheckpointError(f"{path} has the items {run.items}, not {config.toy.tree.items}")
    return run


def training_options(toy: ToyConfig, seed: int) -> TrainingOptions:
    """Optimizer, learning rate and batches of a run of a toy configuration."""
    from models.toy.training import minibatches

    batches = None
    if toy.batch_size is not None:
        batches = minibatches(len(toy.tree.items), toy.batch_size, toy.steps, seed)
    return {"optimizer": toy.optimizer, "learning_rate": toy.learning_rate, "batches": batches}


def network_run(
    run: ToyRun,
    toy: ToyConfig,
    traces: Tensor | None = None,
    controls: list[KnownCovariance] | None = None,
) -> NetworkRun:
    """A run as estimators take it."""
    from analysis.estimators.base import NetworkRun

    options = training_options(toy, run.seed)
    return NetworkRun(
        run,
        options["optimizer"],
        options["batches"],
        toy.posterior,
        tuple(toy.removal_fractions),
        traces,
        controls,
    )
