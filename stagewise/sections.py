"""What all parts of the configuration share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class ConfigError(ValueError):
    """The configuration is wrong; the message names key, value and what is allowed."""


class Section(BaseModel):
    """A part of the configuration: unknown keys and loose types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def distinct(values: list[Any]) -> list[Any]:
    """`values`, if every one is there once only."""
    if len(set(values)) < len(values):
        raise ValueError("every value may be given once only")
    return values
