"""Weights of checkpoints: read from files, and held against the module they are for."""

from __future__ import annotations

import difflib
import logging
import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from models.storage.errors import CheckpointError

State = Mapping[str, Tensor]
NUMBERED = re.compile(r"(?:step|checkpoint)[-_]?(\d+)")
SAFE, PICKLED = (".safetensors",), (".pt", ".pth", ".bin")
logger = logging.getLogger(__name__)

WITHIN = ("model.safetensors", "pytorch_model.bin")  # of a folder that is one checkpoint


def checkpoint_files(folder: str | Path) -> dict[int, Path]:
    """The checkpoints of a folder, by step.

    Args:
        folder: holds step<N> or checkpoint-<N>: folders with a model.safetensors (as `Recorder` and
            transformers write them), or files .safetensors, .pt, .pth or .bin.

    Returns:
        step -> file of weights, by step.

    Raises:
        CheckpointError: there is none, or two of one step.
    """
    folder, found = Path(folder), dict[int, Path]()
    for path in sorted(folder.glob("*")):
        step = NUMBERED.fullmatch(path.stem if path.is_file() else path.name)
        if step is None:
            if path.suffix in SAFE + PICKLED and not path.name.startswith("."):
                logger.warning("%s is left out: its name is not step<N>", path)
            continue
        inside = [path / name for name in WITHIN if (path / name).is_file()]
        if path.is_file() and path.suffix in SAFE + PICKLED:
            inside = [path]
        for file in inside[:1]:
            if other := found.get(int(step[1])):
                raise CheckpointError(f"{folder} has step {step[1]} twice: {other} and {file}")
            found[int(step[1])] = file
    if not found:
        raise CheckpointError(
            f"{folder} has no checkpoints: step<N> or checkpoint-<N>, as files "
            f"({', '.join(SAFE + PICKLED)}) or as folders with {' or '.join(WITHIN)}"
        )
    return dict(sorted(found.items()))


def read_state(path: Path) -> State:
    """The weights in a file; nothing in it is run.

    Args:
        path: .safetensors, or a pickle of weights alone (torch's safe unpickler); of a dictionary
            with weights under "model", "state_dict" or "model_state_dict", these.

    Returns:
        name -> tensor.

    Raises:
        CheckpointError: the file is damaged, or a pickle of more than weights; names it.
    """
    try:
        if path.suffix in SAFE:
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is a pickle of more than weights, which could run code when opened, or "
            "damaged: save model.state_dict(), best as .safetensors"
        ) from error
    except Exception as error:  # a torn pickle raises whatever its bytes happen to say
        raise CheckpointError(f"{path} cannot be read as weights: {error}") from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    return check_tensors(found, str(path))


def check_tensors(state: object, where: str) -> State:
    """Is this a state dict?

    Args:
        state: anything.
        where: it is from, for the message.

    Returns:
        the same.

    Raises:
        CheckpointError: it is no mapping of names to tensors.
    """
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{where} holds a {type(state).__name__}: a state dict is needed")
    other = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if other or not state:
        raise CheckpointError(
            f"{where} is no state dict: "
            + (f"{other[0]!r} is a {type(state[other[0]]).__name__}" if other else "it is empty")
        )
    return state


def check_apart(states: Mapping[int, State]) -> None:
    """Are the weights of different steps kept apart?

    Args:
        states: step -> state dict.

    Raises:
        CheckpointError: two steps are one memory, so that both hold the weights of the last.
    """
    seen: dict[tuple[int, ...], int] = {}
    for step, state in states.items():
        places = tuple(a.data_ptr() for a in check_tensors(state, f"step {step}").values())
        if any(places) and places in seen:
            raise CheckpointError(
                f"steps {seen[places]} and {step} share their memory and so hold the same weights: "
                "keep copies, {name: a.clone() for name, a in model.state_dict().items()}"
            )
        seen[places] = step


def fitted(model: nn.Module, state: State, step: int) -> dict[str, Tensor]:
    """The weights of a checkpoint under the module's names.

    Args:
        model: the module they are for.
        state: name -> tensor; a name that is tied to another may be missing.
        step: of the checkpoint, for messages.

    Returns:
        a copy of every parameter and buffer by its name; of a tied one once.

    Raises:
        CheckpointError: names do not fit (the nearest are named), shapes differ, tied names have
            different values, or a value is complex, NaN or infinite.
    """
    state = check_tensors(state, f"step {step}")
    wanted = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    every = model.state_dict(keep_vars=True)
    kept = {name: wanted[name] for name in wanted if name in every}
    strangers = [name for name in state if name not in every]
    if strangers:
        near = difflib.get_close_matches(strangers[0], every, n=3, cutoff=0.4)
        raise CheckpointError(
            f"step {step} has {strangers[0]!r}, which the model does not; its nearest: "
            f"{', '.join(near) or 'none'}"
        )
    found = {}
    for name, own in kept.items():
        aliases = [a for a, tensor in every.items() if tensor is own and a in state]
        if not aliases:
            near = difflib.get_close_matches(name, state, n=3, cutoff=0.4)
            raise CheckpointError(
                f"step {step} lacks {name!r} of the model; the nearest it has: "
                f"{', '.join(near) or 'none'}"
            )
        alias = aliases[0]
        for other in aliases[1:]:
            if not torch.equal(state[alias], state[other]):
                raise CheckpointError(
                    f"step {step}: {alias!r} and {other!r} differ, but are one in the model"
                )
        value = state[alias].detach().clone()
        if value.is_complex():
            raise CheckpointError(f"step {step}: {alias!r} is complex; real weights are needed")
        if value.shape != own.shape:
            raise CheckpointError(
                f"step {step}: {alias!r} has shape {tuple(value.shape)}, the model "
                f"{tuple(own.shape)}"
            )
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise CheckpointError(f"step {step}: {alias!r} holds NaN or infinite values")
        found[name] = value
    return found
