"""Checks of exercises: an answer in, one line back, "right: ..." or "not yet: " and a hint.

What is right is computed by a function, kept in `exercises/` out of the reader's sight. Numbers and
arrays must equal what it returns within the tolerance that the exercise states, words and lists of
words exactly, functions wherever they are tried; a judge looks at the answer itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


class WrongKind(Exception):
    """An answer of another type or shape than asked for; says what it is."""


@dataclass(frozen=True)
class Exercise:
    """An exercise.

    Attributes:
        wants: the answer asked for, in words, with its unit.
        truth: computes the right answer, or judges one.
        says: after "right: "; may hold {truth}.
        hint: after "not yet: ".
        within: largest difference, absolute for a number, as a share of the largest value else.
        slips: hint -> the wrong answer, made from the right one, that it is for.
        tried_on: arguments at which a function is tried.
        judges: truth looks at the answer itself and returns a hint, or None if it is right.
    """

    wants: str
    truth: Callable[..., Any]
    says: str
    hint: str
    within: float = 0.0
    slips: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    tried_on: Sequence[tuple[Any, ...]] = ()
    judges: bool = False

    def reply(self, answer: object, given: Mapping[str, object]) -> str:
        """One line on an answer; never raises because of it."""
        if missing(answer, self.tried_on):
            return f"nothing given yet; wanted: {self.wants}"
        right = None if self.judges else self.truth(**given)
        try:
            hint = self.truth(answer, **given) if self.judges else self.compare(answer, right)
        except WrongKind as found:
            return f"not yet: that is {found}; wanted: {self.wants}"
        except Exception as error:  # whatever a student's answer does
            what = " ".join(f"{type(error).__name__}: {error}".split())  # in one line
            return f"not yet: that fails ({what}); wanted: {self.wants}"
        return f"right: {self.says.format(truth=right)}" if hint is None else f"not yet: {hint}"

    def compare(self, answer: object, right: object) -> str | None:
        """None if the answer is right, else a hint."""
        if callable(right):
            return self.compare_functions(answer, right)
        if isinstance(right, str):
            return None if word(answer) == right else self.hint
        if isinstance(right, list | tuple):
            return None if words(answer) == list(right) else self.hint
        values, truth = numbers(answer, np.shape(right)), np.asarray(right, dtype=float)
        if close(values, truth, self.within):
            return None
        slips = (hint for hint, f in self.slips.items() if close(values, f(truth), self.within))
        return next(slips, self.hint)

    def compare_functions(self, answer: object, right: Callable[..., Any]) -> str | None:
        """As `compare`, for a function tried at some arguments."""
        if not callable(answer):
            raise WrongKind(f"{described(answer)}, not a function")
        for arguments in self.tried_on:
            found, truth = answer(*arguments), np.asarray(right(*arguments), dtype=float)
            if not close(numbers(found, truth.shape), truth, self.within):
                return self.hint
        return None


class Exercises:
    """The exercises of a notebook, by number."""

    def __init__(self) -> None:
        self.by_number: dict[int, Exercise] = {}

    def add(self, number: int, **what: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the function below as the truth of an exercise; arguments as of `Exercise`."""

        def register(truth: Callable[..., Any]) -> Callable[..., Any]:
            self.by_number[number] = Exercise(truth=truth, **what)
            return truth

        return register

    def check(self, number: int, answer: object = ..., **given: object) -> None:
        """Print one line on an answer; `given` is what the truth is computed from, if anything."""
        print(f"{number}. {self.by_number[number].reply(answer, given)}")


def missing(answer: object, tried_on: Sequence[tuple[Any, ...]]) -> bool:
    """Whether the placeholder still stands, alone, in a tuple or in a function's body."""
    if callable(answer) and tried_on:
        try:
            answer = answer(*tried_on[0])
        except Exception:
            return False  # said where it is compared
    parts = answer if isinstance(answer, tuple) and answer else (answer,)
    return all(part is ... or part is None for part in parts)


def described(answer: object) -> str:
    """What something is, in a word or two: its type, and its shape if it has one."""
    name = type(answer).__name__
    kind = f"an {name}" if name[0] in "aeio" or name == "ndarray" else f"a {name}"
    shape = tuple(getattr(answer, "shape", ()))
    if isinstance(answer, list | tuple):
        return f"{kind} of {len(answer)}"
    return f"{kind} of shape {shape}" if shape else kind


def numbers(answer: object, shape: tuple[int, ...]) -> np.ndarray:
    """The answer as finite numbers of a shape, or WrongKind."""
    try:
        values = np.asarray(answer)
    except Exception as error:
        raise WrongKind(described(answer)) from error
    if values.dtype.kind not in "iuf":
        raise WrongKind(described(answer))
    if values.shape != shape:
        raise WrongKind(
            f"{described(answer)}, not of shape {shape}" if shape else described(answer)
        )
    if not np.isfinite(values).all():
        raise WrongKind("not finite")
    return values.astype(float)


def word(answer: object) -> str:
    """The answer without capitals and blanks around, or WrongKind."""
    if not isinstance(answer, str):
        raise WrongKind(described(answer))
    return answer.strip().lower()


def words(answer: object) -> list[str]:
    """The answer as a list of words, or WrongKind."""
    if not isinstance(answer, list | tuple) or not all(isinstance(a, str) for a in answer):
        raise WrongKind(described(answer))
    return [word(a) for a in answer]


def close(values: np.ndarray, truth: Any, within: float) -> bool:
    """Whether no value is further off than `within`, a share of the largest if there are many."""
    scale = 1.0 if np.ndim(truth) == 0 else max(float(np.abs(truth).max()), 1e-300)
    return bool(np.abs(values - truth).max() <= within * scale)
