"""Causal language models on the Hub, or in a folder with one per revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
        if int(digits) in found:
            raise CheckpointError(f"revisions {found[int(digits)]!r} and {name!r} are of one step")
        found[int(digits)] = name
    return found


def check_revisions(name: str, revisions: Iterable[str]) -> None:
    """Are all revisions of a folder there? Those of the Hub are asked for when they are needed.

    Args:
        name: repository, or folder.
        revisions: wanted.

    Raises:
        CheckpointError: one is missing; names it and those that are there.
    """
    local = Path(name)
    for revision in revisions if local.is_dir() else ():
        if not (local / revision).is_dir():
            there = ", ".join(sorted(p.name for p in local.iterdir() if p.is_dir())) or "nothing"
            raise CheckpointError(f"{name} has no revision {revision!r}: {there}")


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
