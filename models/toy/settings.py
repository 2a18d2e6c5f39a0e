"""Settings of the toy's training; free of torch, so that reading a configuration is quick."""

from __future__ import annotations

from typing import Literal, get_args

Optimizer = Literal["gradient_descent", "momentum", "adam"]
OPTIMIZERS: tuple[str, ...] = get_args(Optimizer)
