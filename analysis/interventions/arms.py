"""Ways to spend the same extra weight: on which class, and when; free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NONE, WINDOWS, LESS, OTHERS = "none", "windows", "less_", "_others"
CHOOSERS = ("bif", "gradient", "static", "oracle")  # who says which class helps
ARMS = (
    "uniform", WINDOWS, "even", *CHOOSERS, *(f"{by}{OTHERS}" for by in ("even", *CHOOSERS)),
    "less_even", "less_bif", "less_gradient",
)  # fmt: skip


@dataclass(frozen=True)
class Way:
    """How an arm spends.

    Attributes:
        by: "uniform" (all on the target), "even" (all classes the same), or one of `CHOOSERS`: all
            on the class that it says helps most.
        others: the target itself is left out.
        less: weight is taken away, from the class that is said to harm most.
    """

    by: str
    others: bool
    less: bool

    @property
    def renewed(self) -> bool:
        """Whether its choice is made anew along training."""
        return self.by in ("bif", "gradient", "oracle")


def way_of(arm: str) -> Way:
    """How an arm spends, from its name.

    Args:
        arm: one of `ARMS` but "windows", which is several.

    Returns:
        its way.

    Raises:
        ValueError: there is no such arm; says which there are.

    Example:
        >>> way_of("static_others"), way_of("less_bif")
        (Way(by='static', others=True, less=False), Way(by='bif', others=True, less=True))
    """
    if arm not in ARMS or arm == WINDOWS:
        known = ", ".join(name for name in ARMS if name != WINDOWS)
        raise ValueError(f"arm {arm!r}: choose one of {known}")
    less = arm.startswith(LESS)
    by = arm.removeprefix(LESS).removesuffix(OTHERS)
    return Way(by, others=less or arm.endswith(OTHERS), less=less)


@dataclass(frozen=True)
class Budget:
    """Weight per token of the batch, the same whichever class gets it.

    Attributes:
        extra: weight added to each token of the target where the target gets all.
        target: place of the target among the classes.
        shares: of the classes among the training tokens, (classes,).

    Raises:
        ValueError: a class has no training token, or there is no such target.
    """

    extra: float
    target: int
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if min(self.shares) <= 0:
            raise ValueError(f"class {self.shares.index(min(self.shares))} has no training token")
        if not 0 <= self.target < len(self.shares):
            raise ValueError(f"target {self.target}: from 0 to {len(self.shares) - 1}")

    @property
    def total(self) -> float:
        """Extra weight per token of the batch."""
        return self.extra * self.shares[self.target]

    @property
    def taken(self) -> float:
        """What the arms that take away take per token of the batch: the same, but no more than
        every class but the target has, so that any of them can pay it."""
        rest = [share for k, share in enumerate(self.shares) if k != self.target]
        return min(self.total, *rest)

    def extras(self, division: Sequence[float], *, less: bool = False) -> tuple[float, ...]:
        """Weight added to each token of every class.

        Args:
            division: share of the budget that each class gets, (classes,), sum 1.
            less: it is taken away instead.

        Returns:
            (classes,); negative where it is taken away, at least -1.
        """
        whole = -self.taken / self.shares[self.target] if less else self.extra
        return tuple(
            whole * part * (self.shares[self.target] / share)
            for part, share in zip(division, self.shares, strict=True)
        )


def evenly(classes: int, target: int, *, others: bool) -> tuple[float, ...]:
    """The budget divided evenly.

    Args:
        classes: how many there are.
        target: place of the target among them.
        others: the target gets nothing.

    Returns:
        (classes,), sum 1.
    """
    part = 1 / (classes - others)
    return tuple(0.0 if others and k == target else part for k in range(classes))


def chosen(scores: np.ndarray, target: int, *, others: bool, less: bool) -> int:
    """The class to spend on, by what is said of each class's effect on the target.

    Args:
        scores: influence on the target, or the effect of more weight on its loss, (classes,);
            negative: helps. NaN: not known, never chosen.
        target: place of the target among the classes.
        others: the target is left out.
        less: weight is taken away: the class that harms most is looked for.

    Returns:
        its place among the classes.

    Raises:
        ValueError: nothing is known of any class that may be chosen.

    Example:
        >>> chosen(np.array([0.1, -0.3, -0.9]), 2, others=True, less=False)
        1
    """
    value = -np.asarray(scores, dtype=float) if less else np.array(scores, dtype=float)
    if others:
        value[target] = np.nan
    if np.isnan(value).all():
        raise ValueError("the scores of all classes are NaN: nothing to choose by")
    return int(np.nanargmin(value))


def alone(index: int, classes: int) -> tuple[float, ...]:
    """The whole budget for one class.

    Args:
        index: of the class.
        classes: how many there are.

    Returns:
        (classes,), 1 at the class.
    """
    return tuple(float(k == index) for k in range(classes))
