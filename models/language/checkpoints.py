"""Checkpoints of a language model: Hugging Face directories, one per step, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from models.language.architectures.base import registered
from models.storage.errors import CheckpointError
from models.storage.files import read_origin, whole_folder

WEIGHTS, STATE, ORIGIN = "model.safetensors", "training_state.safetensors", "provenance.json"
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")

transformers_logging.disable_progress_bar()


def step_folder(run: Path, step: int) -> Path:
    """Folder of one checkpoint of a run.

    Args:
        run: folder of the run.
        step: of training.

    Returns:
        step<N> in it, whether it exists or not.
    """
    return run / f"step{step}"


def save_checkpoint(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    state: dict[str, Tensor],
    provenance: dict[str, Any],
) -> None:
    """Write what `from_pretrained` loads, the optimizer's state and where it all came from, whole
    or not at all.

    Args:
        folder: where to; what is there is replaced.
        model: a causal language model.
        tokenizer: of its vocabulary.
        state: of the optimizer, as `LanguageTrainer.state` gives it.
        provenance: where it comes from, as plain values.
    """
    with whole_folder(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        save_file(state, temporary / STATE)
        write_origin(temporary, provenance)


def load_model(folder: str | Path) -> PreTrainedModel:
    """The model of a checkpoint, ready to measure; from safetensors, nothing else.

    Args:
        folder: of a checkpoint.

    Returns:
        the model in float32 on the CPU, set to evaluate, its parameters without gradients.

    Raises:
        CheckpointError: there are no weights, only a pickle, or the file is damaged; names it.
    """
    registered()  # the project's own architectures, for AutoModelForCausalLM
    folder = Path(folder)
    if not any((folder / name).is_file() for name in (WEIGHTS, f"{WEIGHTS}.index.json")):
        pickles = sorted(p.name for p in folder.glob("*") if p.suffix in PICKLES)
        if pickles:
            raise CheckpointError(
                f"{folder} holds weights as a pickle ({', '.join(pickles)}), which could run "
                f"code when opened: only {WEIGHTS} is loaded"
            )
        raise CheckpointError(f"{folder} has no weights: there is no {WEIGHTS}")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder} cannot be read as a checkpoint: {error}") from error
    return model.eval().requires_grad_(False)


def load_state(folder: Path) -> dict[str, Tensor]:
    """The optimizer's moments of a checkpoint.

    Args:
        folder: of a checkpoint.

    Returns:
        what `LanguageTrainer.restore` takes: name -> tensor.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        with safe_open(folder / STATE, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{folder} has no readable {STATE}: {error}") from error


def write_origin(folder: Path, provenance: dict[str, Any]) -> None:
    """Write the provenance of a checkpoint beside it.

    Args:
        folder: of the checkpoint; exists.
        provenance: where it comes from, as plain values.
    """
    (folder / ORIGIN).write_text(json.dumps(provenance, sort_keys=True), encoding="utf-8")


def load_origin(folder: Path) -> dict[str, Any]:
    """The provenance of a checkpoint.

    Args:
        folder: of the checkpoint.

    Returns:
        plain values by key; empty where there is none to be read.
    """
    return read_origin(folder / ORIGIN)
