"""Contestants take turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

T = TypeVar("T")

ROUNDS = 5  # short ones: a disturbance then meets few of them, and the median none


def in_turns(rounds: int, *contestants: Callable[[], T]) -> list[list[T]]:
    """Run every contestant once per round, always in the same order.

    Args:
        rounds: how many, at least 1.
        contestants: functions without arguments; what they return is kept.

    Returns:
        one list per contestant, with what it returned in every round.

    Raises:
        ValueError: there is no round.

    Example:
        >>> in_turns(2, lambda: "ours", lambda: "peer")
        [['ours', 'ours'], ['peer', 'peer']]
    """
    if rounds < 1:
        raise ValueError(f"{rounds} rounds: at least 1")
    found = [[run() for run in contestants] for _ in range(rounds)]
    return [list(results) for results in zip(*found, strict=True)]


def ratios(
    name: str, above: Sequence[float], below: Sequence[float], digits: int = 1
) -> dict[str, float]:
    """The ratios of the rounds: their median, lowest and highest. A ratio is taken within a round,
    where both ran on the same machine in the same mood.

    Args:
        name: of the figure.
        above: numerators, one per round.
        below: denominators, as many, not 0.
        digits: decimals that are kept.

    Returns:
        {name: median, name_low: lowest, name_high: highest}, in the unit of above over below.

    Example:
        >>> ratios("ratio", [2.0, 9.0, 4.0], [1.0, 3.0, 1.0])
        {'ratio': 3.0, 'ratio_low': 2.0, 'ratio_high': 4.0}
    """
    found = [a / b for a, b in zip(above, below, strict=True)]
    each = {name: median(found), f"{name}_low": min(found), f"{name}_high": max(found)}
    return {key: round(value, digits) for key, value in each.items()}


def sentence(figures: dict[str, float], name: str, rounds: int) -> str:
    """One line for people on a figure of `ratios`.

    Args:
        figures: with the figure, its lowest and its highest.
        name: of the figure.
        rounds: behind it.

    Returns:
        a line.

    Example:
        >>> sentence({"ratio": 3.0, "ratio_low": 2.0, "ratio_high": 4.0}, "ratio", 5)
        'ratio: median 3.0, lowest 2.0, highest 4.0 of 5 rounds'
    """
    return (
        f"{name}: median {figures[name]}, lowest {figures[f'{name}_low']}, highest "
        f"{figures[f'{name}_high']} of {rounds} rounds"
    )
