"""Keep checkpoints while transformers' Trainer trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn
from transformers import TrainerCallback as Base

from stagewise.attribution.recorder import Recorder


class TrainerCallback(Base):
    """A `Recorder` for `Trainer(..., callbacks=[stagewise.TrainerCallback(folder, every=100)])`.

    Args:
        folder: of the checkpoints.
        every: steps between checkpoints, beside 0, 1, 2, 4, ... below it; the last step is kept
            too.
        overwrite: throw away checkpoints of another training in the folder.

    Raises:
        ValueError: every is below 1.

    Example:
        >>> TrainerCallback("checkpoints", every=500).every
        500
    """

    def __init__(self, folder: str | Path, every: int, *, overwrite: bool = False) -> None:
        if every < 1:
            raise ValueError(f"every = {every}: at least 1")
        self.folder, self.every, self.overwrite = Path(folder), every, overwrite
        self.recorder: Recorder | None = None

    def on_train_begin(
        self, args: Any, state: Any, control: Any, model: nn.Module | None = None, **more: Any
    ) -> None:
        """Fix the schedule, and keep the start.

        Args:
            args: of the training; not used.
            state: its max_steps is the last step.
            control: not used.
            model: in training.
            **more: not used.
        """
        self.recorder = Recorder(
            self.folder, until=state.max_steps, every=self.every, overwrite=self.overwrite
        )
        self.recorder.resumed = state.global_step > 0
        self._keep(state, model)

    def on_step_end(
        self, args: Any, state: Any, control: Any, model: nn.Module | None = None, **more: Any
    ) -> None:
        """Keep the weights if it is time.

        Args:
            args: of the training; not used.
            state: its global_step is the number of steps done.
            control: not used.
            model: in training.
            **more: not used.
        """
        self._keep(state, model)

    def _keep(self, state: Any, model: nn.Module | None) -> None:
        if self.recorder is not None and model is not None and state.is_world_process_zero:
            self.recorder(state.global_step, model)
