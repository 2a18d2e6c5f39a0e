"""Checkpoints of a toy run: one safetensors file per seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from models.storage.errors import CheckpointError
from models.storage.files import whole_file
from models.toy.linear_network import Weights

TENSORS = {"step": 1, "W1": 3, "W2": 3, "targets": 2, "learning_rate": 0}  # name -> dimensions


@dataclass(frozen=True)
class ToyRun:
    """A trained toy network at its checkpoints.

    Attributes:
        step: (checkpoints,) training steps.
        weights: W1 (checkpoints, hidden, items), W2 (checkpoints, features, hidden).
        targets: Y (features, items).
        learning_rate: of the training that made them; time = learning rate x step.
        items, features: names of the columns and rows of Y.
        seed: of the initialisation.
    """

    step: Tensor
    weights: Weights
    targets: Tensor
    learning_rate: float
    items: tuple[str, ...]
    features: tuple[str, ...]
    seed: int

    @property
    def steps(self) -> list[int]:
        """Training steps as plain numbers."""
        return self.step.tolist()

    @property
    def initial(self) -> Weights:
        """Weights before the first step."""
        return Weights(self.weights.W1[0], self.weights.W2[0])


def save_run(run: ToyRun, path: str | Path, provenance: dict[str, Any]) -> None:
    """Write a run whole or not at all, as one safetensors file.

    Args:
        run: to write.
        path: of the file; folders above it are made.
        provenance: where it comes from, as plain values ("config" among them); each becomes a JSON
            text of the metadata.
    """
    tensors = {
        "step": run.step,
        "W1": run.weights.W1.contiguous(),
        "W2": run.weights.W2.contiguous(),
        "targets": run.targets,
        "learning_rate": torch.tensor(run.learning_rate, dtype=torch.float64),
    }
    metadata = {key: json.dumps(value, sort_keys=True) for key, value in provenance.items()}
    metadata |= {
        "items": json.dumps(run.items),
        "features": json.dumps(run.features),
        "seed": str(run.seed),
    }
    with whole_file(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_run(path: str | Path) -> ToyRun:
    """Read what `save_run` wrote.

    Args:
        path: of the file.

    Returns:
        weights, steps and targets of one training, in the precision they were written in.

    Raises:
        CheckpointError: the file is missing or truncated, is no safetensors file, or lacks or
            misshapes an entry; names the file and the fault.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} cannot be read as a checkpoint file: {error}") from error
    missing = sorted({*TENSORS, "items", "features", "seed"} - {*tensors, *metadata})
    if missing:
        raise CheckpointError(f"{path} is not a toy checkpoint file: it lacks {', '.join(missing)}")
    for name, dimensions in TENSORS.items():
        if tensors[name].dim() != dimensions:
            raise CheckpointError(
                f"{path}: {name} has shape {tuple(tensors[name].shape)}, expected {dimensions} axes"
            )
    items, features = json.loads(metadata["items"]), json.loads(metadata["features"])
    K, hidden = tensors["W1"].shape[:2]
    expected = {
        "step": (K,),
        "W1": (K, hidden, len(items)),
        "W2": (K, len(features), hidden),
        "targets": (len(features), len(items)),
    }
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise CheckpointError(
                f"{path}: {name} has shape {tuple(tensors[name].shape)}, expected {shape}"
            )
    return ToyRun(
        step=tensors["step"],
        weights=Weights(tensors["W1"], tensors["W2"]),
        targets=tensors["targets"],
        learning_rate=float(tensors["learning_rate"]),
        items=tuple(items),
        features=tuple(features),
        seed=int(metadata["seed"]),
    )


def load_config_of(path: str | Path) -> dict[str, Any]:
    """The configuration a checkpoint file was made with.

    Args:
        path: of a file that `save_run` wrote.

    Returns:
        nested plain values; empty where the file has none.

    Raises:
        OSError: the file is missing.
        SafetensorError: it is damaged.
    """
    with safe_open(path, "pt") as file:
        return json.loads((file.metadata() or {}).get("config", "{}"))
