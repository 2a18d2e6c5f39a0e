"""Keep checkpoints while training, as `Run.from_checkpoints` reads them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file, save_model
from torch import nn

from models.settings import log_then_linear
from models.storage.errors import CheckpointError
from models.storage.files import whole_folder
from stagewise.attribution.states import checkpoint_files, fitted, read_state

WEIGHTS, OPTIMIZER, ORIGIN = "model.safetensors", "optimizer.safetensors", "recorder.json"


def schedule(until: int, every: int) -> list[int]:
    """Steps at which a checkpoint is kept: logarithmic, then linear.

    Args:
        until: last step of training.
        every: steps between checkpoints, beside 0, 1, 2, 4, ... below it.

    Returns:
        ascending, with the last step.

    Raises:
        ValueError: one of them is below 1.

    Example:
        >>> schedule(35, 10)
        [0, 1, 2, 4, 8, 10, 20, 30, 35]
    """
    if until < 1 or every < 1:
        raise ValueError(f"until = {until}, every = {every}: both at least 1")
    return log_then_linear(until, every)


class Recorder:
    """Keeps weights at the steps of a schedule; called before the first step and after every one.

    Args:
        folder: of the checkpoints: step<N>/model.safetensors, each whole or not there.
        until: last step of training.
        every: steps between checkpoints, beside 0, 1, 2, 4, ... below it.
        steps: instead of the schedule, these.
        optimizer: keep its state too, so that `resume` can go on.
        overwrite: throw away checkpoints of another training in the folder; without, and without
            `resume`, they are an error.

    Raises:
        ValueError: neither until and every nor steps are given, or they are out of range.

    Example:
        >>> import tempfile
        >>> model, folder = nn.Linear(2, 1), tempfile.mkdtemp()
        >>> keep = Recorder(folder, until=4, every=2)
        >>> for step in range(5):
        ...     keep(step, model)
        >>> keep.kept
        [0, 1, 2, 4]
    """

    def __init__(
        self,
        folder: str | Path,
        until: int | None = None,
        every: int | None = None,
        *,
        steps: Iterable[int] | None = None,
        optimizer: bool = False,
        overwrite: bool = False,
    ) -> None:
        if steps is None and (until is None or every is None):
            raise ValueError("give until and every, or steps")
        chosen = steps if steps is not None else schedule(until or 0, every or 0)
        self.steps = frozenset(int(step) for step in chosen)
        if min(self.steps, default=-1) < 0:
            raise ValueError(f"steps = {sorted(self.steps)}: at least one, none below 0")
        self.folder, self.with_optimizer = Path(folder), optimizer
        self.overwrite, self.resumed = overwrite, False

    def __call__(
        self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer | None = None
    ) -> None:
        """Keep the weights if the schedule says so and they are not kept yet.

        Args:
            step: how many steps of training are done.
            model: in training; it is not changed.
            optimizer: where its state is to be kept.

        Raises:
            ValueError: the optimizer's state is wanted, and there is none.
            CheckpointError: the folder holds checkpoints of another training.
            OSError: the disk is full or cannot be written.
        """
        self._begin()
        place = self.folder / f"step{step}"
        if step not in self.steps or (place / WEIGHTS).is_file():
            return
        if self.with_optimizer and optimizer is None:
            raise ValueError("Recorder(optimizer=True) needs the optimizer: keep(step, model, it)")
        with whole_folder(place) as temporary:
            save_model(model, str(temporary / WEIGHTS))  # tied weights once
            if self.with_optimizer and optimizer is not None:
                _save_optimizer(optimizer, temporary / OPTIMIZER)
            (temporary / ORIGIN).write_text(json.dumps({"step": step}), encoding="utf-8")

    def _begin(self) -> None:
        """At the first call: is the folder this training's?"""
        if self.resumed:
            return
        if self.kept and not self.overwrite:
            raise CheckpointError(
                f"{self.folder} holds checkpoints of another training (steps "
                f"{', '.join(map(str, self.kept[:4]))}, ...): resume(model) goes on from them, "
                "overwrite=True throws them away"
            )
        for step in self.kept:
            shutil.rmtree(self.folder / f"step{step}", ignore_errors=True)
        self.resumed = True

    @property
    def kept(self) -> list[int]:
        """Steps that are kept already, ascending."""
        try:
            return list(checkpoint_files(self.folder))
        except CheckpointError:
            return []

    def resume(self, model: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> int:
        """Go on after the last checkpoint that is kept.

        Args:
            model: gets its weights.
            optimizer: gets its state.

        Returns:
            the step reached: 0 and nothing changed where none is kept.

        Raises:
            CheckpointError: the checkpoint does not fit the model, or has no optimizer's state.
        """
        self.resumed = True
        if not self.kept:
            return 0
        step = self.kept[-1]
        place = self.folder / f"step{step}"
        state = fitted(model, read_state(place / WEIGHTS), step)
        model.load_state_dict(state, strict=False)
        if optimizer is not None:
            optimizer.load_state_dict(_optimizer_state(place))
        return step


def _save_optimizer(optimizer: torch.optim.Optimizer, path: Path) -> None:
    """Tensors of its state as they are; all else as JSON beside them."""
    known = optimizer.state_dict()
    every = {f"{i}.{name}": v for i, found in known["state"].items() for name, v in found.items()}
    tensors = {name: v.contiguous() for name, v in every.items() if isinstance(v, torch.Tensor)}
    rest = {name: v for name, v in every.items() if name not in tensors}
    told = {"param_groups": known["param_groups"], "rest": rest}
    save_file(tensors, path, metadata={"optimizer": json.dumps(told, default=float)})


def _optimizer_state(place: Path) -> dict[str, Any]:
    """What `load_state_dict` of an optimizer takes."""
    path = place / OPTIMIZER
    if not path.is_file():
        raise CheckpointError(f"{place} has no {OPTIMIZER}: record with optimizer=True to resume")
    try:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["optimizer"])
            values = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read as an optimizer's state: {error}") from error
    state: dict[int, dict[str, Any]] = {}
    for key, value in (values | told["rest"]).items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    return {"state": state, "param_groups": told["param_groups"]}
