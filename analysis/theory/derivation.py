"""Derivations: sentences with equations, each carrying what proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath
import numpy as np
import sympy
from scipy.special import exprel

DIGITS = 40  # of the numeric check
POINTS = 12  # random points of the numeric check
VANISHES = 1e-25  # relative size of a residual that counts as zero with that many digits


class DerivationError(AssertionError):
    """A step does not hold; the message names it and what is left over."""


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes:
        name: by which the document and the tests know it.
        says: one or two sentences, Markdown with $...$ for mathematics.
        equation: what is shown.
        residuals: expressions that vanish exactly if the step holds.
        ranges: where a symbol is drawn from in the numeric check; (0.2, 1.5) unless told.
    """

    name: str
    says: str
    equation: sympy.Basic
    residuals: tuple[sympy.Expr, ...]
    ranges: Mapping[sympy.Symbol, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Derivation:
    """A chain of steps under one heading; `derivation[name]` is a step.

    Attributes:
        title: the heading.
        steps: in order, each under a name of its own.
    """

    title: str
    steps: tuple[Step, ...]

    def __getitem__(self, name: str) -> Step:
        """A step by its name."""
        found = {step.name: step for step in self.steps}
        if name not in found:
            raise KeyError(f"{name!r}: the steps of {self.title!r} are {', '.join(found)}")
        return found[name]


def label(tex: str) -> sympy.Symbol:
    r"""A symbol that is shown exactly as written in LaTeX, with no properties of its own.

    Args:
        tex: LaTeX, as in r"\dot P".

    Returns:
        the symbol.
    """
    return sympy.Symbol("{" + tex + "}")


def numeric(expression: sympy.Basic, *symbols: sympy.Symbol) -> Callable[..., Any]:
    """A function of arrays made of an expression, so that the formula shown is the one used.

    A function named exprel is scipy's, (e^x - 1)/x without cancellation.

    Args:
        expression: of the symbols, or a matrix of such.
        *symbols: its arguments, in order.

    Returns:
        a function of as many arrays as there are symbols, which broadcast; of a matrix, its value
        has the matrix's axes first.

    Example:
        >>> x, y = sympy.symbols("x y")
        >>> numeric(x * y + 1, x, y)(np.array([1.0, 2.0]), 3.0)
        array([4., 7.])
    """
    modules = [{"exprel": exprel}, "scipy", "numpy"]
    return sympy.lambdify(symbols, expression, modules=modules, cse=True)


def check(step: Step) -> str:
    """Prove a step: symbolically where sympy can, else at random points with 40 digits.

    Args:
        step: of a derivation.

    Returns:
        "symbolically" or "numerically": how it was proved.

    Raises:
        DerivationError: a residual does not vanish, or the step has none; names the step and what
            is left over.
    """
    if not step.residuals:
        raise DerivationError(f"{step.name}: nothing to check")
    how = "symbolically"
    for residual in step.residuals:
        if sympy.simplify(residual) == 0:
            continue
        left = _largest(residual, step.ranges)
        if not left < VANISHES:
            raise DerivationError(f"{step.name}: {float(left):.2g} of 1 is left over of {residual}")
        how = "numerically"
    return how


def _largest(
    residual: sympy.Expr, ranges: Mapping[sympy.Symbol, tuple[float, float]]
) -> mpmath.mpf:
    """Largest relative size of a residual over random points: against its largest term."""
    rng = np.random.default_rng(0)
    symbols = sorted(residual.free_symbols, key=str)
    largest = mpmath.mpf(0)
    for _ in range(POINTS):
        at = {x: sympy.Float(rng.uniform(*ranges.get(x, (0.2, 1.5))), DIGITS) for x in symbols}
        terms = [abs(term.subs(at).evalf(DIGITS)) for term in sympy.Add.make_args(residual)]
        value = abs(residual.subs(at).evalf(DIGITS))
        largest = max(largest, mpmath.mpf(value) / max(mpmath.mpf(1), *map(mpmath.mpf, terms)))
    return largest
