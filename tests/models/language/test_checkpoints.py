"""Checkpoint files: round trip, and every kind of damage."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from models.toy.checkpoints import CheckpointError, ToyRun, load_run, save_run
from models.toy.linear_network import random_weights
from models.toy.training import train


@pytest.fixture
def run(tree, targets):
    weights = train(random_weights(8, 15, 4, 0.1, 3), targets, [0, 2, 4], learning_rate=0.1)
    return ToyRun(torch.tensor([0, 2, 4]), weights, targets, 0.1, tree.items, tree.features, 3)


def test_round_trip_and_contract(run, tmp_path):
    path = tmp_path / "checkpoints.safetensors"
    save_run(run, path, {"config": {"a": 1}, "code": "x"})
    again = load_run(path)
    torch.testing.assert_close(again.weights.W2, run.weights.W2, rtol=0, atol=0)
    assert (again.items, again.seed, again.learning_rate) == (run.items, 3, 0.1)
    with safe_open(path, "pt") as file:
        shapes = {name: tuple(file.get_tensor(name).shape) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    assert shapes == {
        "step": (3,), "W1": (3, 4, 8), "W2": (3, 15, 4), "targets": (15, 8), "learning_rate": (),
    }  # fmt: skip
    assert json.loads(metadata["items"]) == list(run.items)
    assert json.loads(metadata["features"]) == list(run.features)
    assert json.loads(metadata["config"]) == {"a": 1}
    assert metadata["seed"] == "3"


@pytest.mark.parametrize("cut", [0, 7, 100, -1])
def test_truncated_file_is_named_and_refused(run, tmp_path, cut):
    path = tmp_path / "checkpoints.safetensors"
    save_run(run, path, {})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match=r"checkpoints\.safetensors cannot be read"):
        load_run(path)


def test_foreign_and_misshapen_files_are_refused(run, tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match=r"lacks W1, W2, features"):
        load_run(path)
    save_run(run, path, {})
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    save_file({**tensors, "W2": tensors["W2"][:, :-1].contiguous()}, path, metadata)
    with pytest.raises(CheckpointError, match=r"W2 has shape \(3, 14, 4\), expected \(3, 15, 4\)"):
        load_run(path)
    with pytest.raises(CheckpointError, match="missing"):
        load_run(tmp_path / "missing.safetensors")
