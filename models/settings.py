"""What all settings share: unknown keys and loose types are errors. Free of torch, so that reading
a configuration is quick."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

Value = TypeVar("Value")


class Section(BaseModel):
    """A part of a configuration: unknown keys, loose types, infinities and NaN are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def distinct(values: list[Value]) -> list[Value]:
    """The values of a setting, if every one is there once only; for pydantic's AfterValidator.

    Args:
        values: of a setting, hashable.

    Returns:
        the same values.

    Raises:
        ValueError: one is repeated.
    """
    if len(set(values)) < len(values):
        raise ValueError("every value may be given once only")
    return values
