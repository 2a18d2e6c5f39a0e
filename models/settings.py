"""Choices a configuration can name; free of torch, so that reading one is quick."""

from __future__ import annotations

from typing import Literal, get_args

Optimizer = Literal["gradient_descent", "momentum", "adam"]
OPTIMIZERS: tuple[str, ...] = get_args(Optimizer)
