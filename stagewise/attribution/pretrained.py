"""Causal language models on the Hub, or in a folder with one per revision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from models.storage.errors import CheckpointError
from stagewise.attribution.states import State


def by_step(names: Sequence[str]) -> dict[int, str]:
    """Revisions by the step that their names end with.

    Args:
        names: such as step1000.

    Returns:
        step -> name.

    Raises:
        CheckpointError: a name does not end with a number.

    Example:
        >>> by_step(["step0", "step512"])
        {0: 'step0', 512: 'step512'}
    """
    found: dict[int, str] = {}
    for name in names:
        digits = name[len(name.rstrip("0123456789")) :]
        if not digits:
            raise CheckpointError(
                f"revision {name!r} does not end with a step: give a mapping step -> revision"
            )
        found[int(digits)] = name
    return found


def pretrained(name: str, revision: str) -> nn.Module:
    """A model as one revision has it; of a repository, from safetensors alone.

    Args:
        name: repository, or a folder with one for each revision.
        revision: of the repository, or the folder's name.

    Returns:
        a causal language model whose parameters want gradients.

    Raises:
        CheckpointError: it cannot be had; says why.
    """
    from models.language.checkpoints import load_model

    local = Path(name)
    if local.is_dir():
        return load_model(local / revision).requires_grad_(True)
    from transformers import AutoModelForCausalLM

    try:
        return AutoModelForCausalLM.from_pretrained(
            name, revision=revision, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{name}, revision {revision}: {error}") from error


def weights_of(load: Callable[[str], nn.Module], revision: str) -> State:
    """The weights of one revision.

    Args:
        load: revision -> model.
        revision: as of `pretrained`.

    Returns:
        its state dict.
    """
    return load(revision).state_dict()
