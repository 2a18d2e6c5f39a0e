"""What all settings share: unknown keys and loose types are errors. Free of torch, so that reading
a configuration is quick."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

Value = TypeVar("Value")


class Section(BaseModel):
    """A part of a configuration: unknown keys, loose types, infinities and NaN are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def ascending(values: list[int], at_least: int) -> list[int]:
    """The whole numbers of a setting, sorted.

    Args:
        values: of a setting, at least one.
        at_least: the least that is allowed.

    Returns:
        the same values, increasing.

    Raises:
        ValueError: one is below the least, or repeated.
    """
    if min(values) < at_least:
        raise ValueError(f"every value must be at least {at_least}")
    return sorted(distinct(values))


def distinct(values: list[Value]) -> list[Value]:
    """The values of a setting, if every one is there once only.

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


def log_then_linear(until: int, every: int) -> list[int]:
    """Steps at which a checkpoint is kept, as Pythia's: logarithmic, then linear.

    Args:
        until: last step of training.
        every: steps between checkpoints, beside 0, 1, 2, 4, ... below it.

    Returns:
        ascending, with the last step.

    Example:
        >>> log_then_linear(35, 10)
        [0, 1, 2, 4, 8, 10, 20, 30, 35]
    """
    early = [0, *(2**k for k in range(every.bit_length()))]
    return sorted({*(s for s in early if s <= until), *range(every, until + 1, every), until})
