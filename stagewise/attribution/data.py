"""What a run is asked about: samples as tensors, the loss, and groups of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from analysis.losses.module import LOSSES, Inputs, SampleLoss


class DataError(ValueError):
    """Data, loss or groups are not what they should be; the message names what was given."""


def as_tensors(data: Any, columns: tuple[str, str] | None = None) -> tuple[Inputs, Tensor]:
    """Inputs and targets of samples.

    Args:
        data: a pair (inputs, targets), inputs a tensor (samples, ...), several in a tuple or by
            name in a dictionary; or a data set whose samples are such pairs, or rows with names.
        columns: of a data set with names: those of inputs and targets.

    Returns:
        inputs, and targets (samples, ...).

    Raises:
        DataError: it is none of these, has no samples, or inputs and targets differ in number.

    Example:
        >>> as_tensors((torch.zeros(3, 2), [0, 1, 0]))[1].shape
        torch.Size([3])
    """
    if isinstance(data, tuple) and len(data) == 2:
        inputs, targets = data
    elif isinstance(data, list) and any(isinstance(part, Tensor) for part in data):
        raise DataError("data is a list of tensors: give a tuple (inputs, targets)")
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        inputs, targets = _of_dataset(data, columns)
    else:
        raise DataError(
            f"data is a {type(data).__name__}: (inputs, targets) or a data set with a length"
        )
    if isinstance(inputs, Mapping):
        inputs = {name: _tensor(part, f"inputs {name!r}") for name, part in inputs.items()}
    elif isinstance(inputs, (tuple, list)) and any(isinstance(x, Tensor) for x in inputs):
        inputs = tuple(_tensor(part, f"inputs {i}") for i, part in enumerate(inputs))
    else:
        inputs = _tensor(inputs, "inputs")
    targets = _tensor(targets, "targets")
    parts = inputs.values() if isinstance(inputs, dict) else inputs
    sizes = [len(inputs)] if isinstance(inputs, Tensor) else [len(part) for part in parts]
    if not len(targets) or set(sizes) != {len(targets)}:
        raise DataError(f"{sizes[0]} inputs and {len(targets)} targets: as many, and at least one")
    return inputs, targets


def _tensor(value: Any, what: str) -> Tensor:
    """A tensor with an axis of samples."""
    try:
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{what}: no tensor can be made of a {type(value).__name__}") from error
    if not found.ndim:
        raise DataError(f"{what}: one number, where there should be one or more for every sample")
    return found


def _of_dataset(data: Any, columns: tuple[str, str] | None) -> tuple[Any, Any]:
    """Inputs and targets of a map-style data set, sample after sample."""
    if not len(data):
        raise DataError("the data set has no samples")
    first = data[0]
    if isinstance(first, Mapping):
        names = list(first)
        if columns is None or not set(columns) <= set(names):
            raise DataError(
                f"columns = {columns}: name those of inputs and targets, of {', '.join(names)}"
            )
        pairs = [(row[columns[0]], row[columns[1]]) for row in (data[i] for i in range(len(data)))]
    else:
        pairs = [tuple(data[i]) for i in range(len(data))]
        if len(pairs[0]) != 2:
            raise DataError(f"a sample has {len(pairs[0])} parts: an input and a target are needed")
    inputs, targets = zip(*pairs, strict=True)
    return _stacked(inputs), _stacked(targets)


def _stacked(values: Sequence[Any]) -> Tensor:
    try:
        return torch.stack([torch.as_tensor(np.asarray(v)) for v in values])
    except (TypeError, RuntimeError, ValueError) as error:
        raise DataError(f"samples cannot be stacked into one tensor: {error}") from error


def loss_named(loss: str | SampleLoss) -> SampleLoss:
    """A loss by its name, or one's own.

    Args:
        loss: "cross_entropy", "squared_error", or a function (output, targets) -> one loss per
            sample.

    Returns:
        the function.

    Raises:
        DataError: there is none of that name; says which there are.
    """
    if callable(loss):
        return loss
    if loss not in LOSSES:
        raise DataError(f"loss = {loss!r}: choose {', '.join(LOSSES)}, or give a function")
    return LOSSES[loss]


def memberships(groups: Any, samples: int, tokens: int | None) -> tuple[list[str], Tensor]:
    """Which samples, or tokens, are in which group.

    Args:
        groups: a label for every sample (samples,), or for every token (samples, tokens); or group
            -> indices of its samples or a mask of them; groups may overlap.
        samples: how many there are.
        tokens: losses per sample; None: one.

    Returns:
        names of the groups, sorted (in the mapping's order where one is given), and (samples,
        tokens or 1, groups), True where one is in a group.

    Raises:
        DataError: labels are not as many as samples, an index does not exist, or a group is empty.

    Example:
        >>> names, members = memberships(["cat", "dog", "cat"], 3, None)
        >>> names, members[:, 0].int().tolist()
        (['cat', 'dog'], [[1, 0], [0, 1], [1, 0]])
    """
    width = tokens or 1
    if isinstance(groups, Mapping):
        names, members = (
            [str(name) for name in groups],
            torch.zeros(samples, width, len(groups), dtype=torch.bool),
        )
        for g, (name, rows) in enumerate(groups.items()):
            members[_indices(rows, samples, name), :, g] = True
    else:
        labels = np.asarray(groups)
        allowed = [(samples,)] + ([(samples, tokens)] if tokens else [])
        if labels.shape not in allowed:
            raise DataError(
                f"groups have shape {labels.shape}: a label for each of the {samples} samples"
                + (f", or for each of their {tokens} tokens" if tokens else "")
            )
        try:
            values, inverse = np.unique(labels, return_inverse=True)
        except TypeError as error:  # None among text
            raise DataError(f"labels cannot be told apart: {error}") from error
        names = [str(value) for value in values]
        places = torch.as_tensor(inverse.reshape(labels.shape))
        places = places[:, None].expand(samples, width) if places.ndim == 1 else places
        members = places[..., None] == torch.arange(len(names))
    empty = [name for g, name in enumerate(names) if not bool(members[..., g].any())]
    if empty or not names:
        raise DataError(f"group {empty[0]!r} is empty" if empty else "there are no groups")
    return names, members


def _indices(rows: Any, samples: int, name: object) -> Tensor:
    """Which samples are in a group, from indices or a mask."""
    found = torch.as_tensor(np.asarray(rows if hasattr(rows, "__array__") else list(rows)))
    if found.dtype == torch.bool:
        if found.shape != (samples,):
            raise DataError(f"group {name!r}: a mask of {len(found)} for {samples} samples")
        return found.nonzero()[:, 0]
    if found.numel() and found.is_floating_point():
        raise DataError(f"group {name!r} has {float(found[0])}: indices are whole numbers")
    found = found.long()
    if len(found) and not (int(found.min()) >= 0 and int(found.max()) < samples):
        raise DataError(f"group {name!r} has an index beyond the {samples} samples")
    return found
