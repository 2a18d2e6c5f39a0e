"""The derivative of a generalised matrix function: how the learnt map reacts to the data."""

from __future__ import annotations

import numpy as np
import sympy
from sympy import Eq, Matrix

from analysis.theory.derivation import Derivation, Step, label, numeric
from analysis.theory.mode_dynamics import s1, s2
from analysis.theory.modes import divided_difference, mode_strength

f = sympy.Function("f")
SHIFT = Matrix(3, 2, sympy.symbols("M_jj M_jk M_kj M_kk B_j B_k"))
SYMMETRIC, ANTISYMMETRIC = sympy.symbols("A^s A^a")
QUOTIENT = (f(s1) - f(s2)) / (s1 - s2)
ROTATION = (f(s1) + f(s2)) / (s1 + s2)
OUTSIDE = f(s1) / s1
REACTION = (s1 + s2) / 2 * QUOTIENT + (s1 - s2) / 2 * ROTATION  # to a training sample


def _odd_polynomial(x: sympy.Expr) -> sympy.Expr:
    """Four free coefficients: any values and slopes at two singular values."""
    return sum(c * x ** (2 * m + 1) for m, c in enumerate(sympy.symbols("c_0:4")))


def _direct() -> Matrix:
    """Derivative of sum_m c_m X (X^T X)^m at X = diag(s_j, s_k) above a row of zeros."""
    X = Matrix([[s1, 0], [0, s2], [0, 0]])
    total = sympy.zeros(3, 2)
    for m, c in enumerate(sympy.symbols("c_0:4")):
        for at in range(2 * m + 1):  # the product rule over the 2 m + 1 factors
            factors = [X if k % 2 == 0 else X.T for k in range(2 * m + 1)]
            factors[at] = SHIFT if at % 2 == 0 else SHIFT.T
            total += c * sympy.prod(factors[1:], start=factors[0])
    return total


def _formula() -> Matrix:
    """The same derivative as the closed form has it, entry by entry."""
    values = {f(x): _odd_polynomial(x) for x in (s1, s2)}
    even = (SHIFT[0, 1] + SHIFT[1, 0]) / 2
    odd = (SHIFT[0, 1] - SHIFT[1, 0]) / 2
    slope = [sympy.diff(_odd_polynomial(x), x) for x in (s1, s2)]
    off = [QUOTIENT.subs(values) * even + sign * ROTATION.subs(values) * odd for sign in (1, -1)]
    return Matrix(
        [
            [slope[0] * SHIFT[0, 0], off[0]],
            [off[1], slope[1] * SHIFT[1, 1]],
            [_odd_polynomial(x) / x * SHIFT[2, k] for k, x in enumerate((s1, s2))],
        ]
    )


def matrix_function_derivative() -> Derivation:
    r"""What a shift M of $\Sigma_{yx}$ does to the learnt map $W = U f(S) V^T$: the Frechet
    derivative of a generalised matrix function.

    Returns:
        the steps derivative, outside, equal and training_sample, not yet checked.

    Source: the paper (arXiv:2510.12071), in another notation; Noferini 2017 for such functions.
    """
    difference = (_direct() - _formula()).applyfunc(lambda x: sympy.cancel(sympy.together(x)))
    polynomial = _odd_polynomial
    limit = sympy.limit((polynomial(s1) - polynomial(s2)) / (s1 - s2), s1, s2)
    shown = SYMMETRIC * QUOTIENT + ANTISYMMETRIC * ROTATION
    return Derivation(
        "How the learnt map reacts",
        (
            Step(
                "derivative",
                "The modes grow independently, so the network's map is the generalised matrix "
                r"function $W(t) = U f_t(S) V^T$ of $\Sigma_{yx} = U S V^T$, with $f_t(s) = G(t; "
                r"s)$. Weight on sample $p$ shifts $\Sigma_{yx}$ by $M = \frac{1}{n} y_p x_p^T$. "
                r"In the singular basis let $A = U^T M V$ with symmetric part $A^s$ and "
                "antisymmetric part $A^a$. Then the entry $jk$ of the map moves by the formula "
                "below: the first term changes strengths and turns both bases together, the "
                "second turns them against each other. The diagonal has $f'(s_j) A_{jj}$. "
                r"*Proof*: for $f$ an odd polynomial the map is $\sum_m c_m \Sigma (\Sigma^T "
                r"\Sigma)^m$ and the product rule gives the derivative. Entries $jk$ and $kj$ "
                "involve no other mode, and only $f$ and $f'$ at $s_j$ and $s_k$, which four "
                "coefficients fit freely. So the formula holds for every differentiable $f$.",
                Eq(label("dW_{jk}"), shown),
                tuple(difference[:2, :]),
            ),
            Step(
                "outside",
                r"Rows of $M$ outside the span of $U$, $B = (1 - U U^T) M V$, move the map by",
                Eq(label("dW_{B k}"), label("B_k") * OUTSIDE.subs(s1, s2)),
                tuple(difference[2, :]),
            ),
            Step(
                "equal",
                "For equal singular values, as on every level of a balanced tree, the quotient "
                "becomes the slope and the sum its half-way value: no case of its own.",
                Eq(
                    sympy.Limit(QUOTIENT, s1, s2),
                    sympy.Derivative(f(s2), s2),
                ),
                (
                    limit - sympy.diff(polynomial(s2), s2),
                    ROTATION.subs(s1, s2) - f(s2) / s2,
                ),
            ),
            _antisymmetric_share(),
        ),
    )


def _antisymmetric_share() -> Step:
    """For a training sample the shift is the outer product of right singular vectors."""
    vj, vk = sympy.symbols("v_j v_k", positive=True)
    shift_jk, shift_kj = s1 * vj * vk, s2 * vk * vj  # U^T y_p = n S V^T x_p
    return Step(
        "training_sample",
        r"A training sample has $U^T y_p = n S V^T x_p$, so that $A_{jk} = s_j v_{pj} v_{pk}$ and "
        r"$B = 0$: the reaction is $v_{pj} v_{pk}$ times a function of the two singular values "
        "alone,",
        Eq(label("D_{jk}"), REACTION),
        (
            (shift_jk + shift_kj) / 2 * QUOTIENT
            + (shift_jk - shift_kj) / 2 * ROTATION
            - vj * vk * REACTION,
        ),
    )


_values = {f(s1): sympy.Symbol("f_1"), f(s2): sympy.Symbol("f_2")}
_rotation = numeric(ROTATION.subs(_values), *_values.values(), s1, s2)
_reaction = numeric(
    REACTION.subs(QUOTIENT, sympy.Symbol("quotient")).subs(_values),
    *_values.values(),
    s1,
    s2,
    sympy.Symbol("quotient"),
)
_outside = numeric(OUTSIDE.subs(_values), _values[f(s1)], s1)


def reaction(
    s: np.ndarray, times: np.ndarray, initial: float, input_variance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the closed form multiplies the shift by, for all pairs of modes.

    Args:
        s: singular values (modes,) of the input-output covariance, > 0.
        times: (times,), learning rate x steps.
        initial: strength of every mode at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        factors of the symmetric part, (f_j - f_k)/(s_j - s_k), and of the antisymmetric part,
        (f_j + f_k)/(s_j + s_k), of the shift in the singular basis, each (times, modes, modes); and
        f_k/s_k (times, modes) for its rows outside U.

    Raises:
        ValueError: the initial strength is not positive.

    Source: `matrix_function_derivative` proves them.
    """
    t = np.asarray(times, dtype=float)[:, None, None]
    strength = mode_strength(s, t[:, 0], initial, input_variance)
    symmetric = divided_difference(s[:, None], s[None, :], t, initial, input_variance)
    rotation = _rotation(strength[:, :, None], strength[:, None, :], s[:, None], s[None, :])
    return symmetric, rotation, _outside(strength, s)


def closed_reaction(
    first: float, second: float, times: np.ndarray, initial: float, input_variance: float
) -> np.ndarray:
    """Reaction D_jk of the map's entry jk to weight on a training sample, per v_pj v_pk, by the
    closed form: the input covariance does not shift.

    Args:
        first: singular value s_j of the input-output covariance.
        second: singular value s_k; may equal the first.
        times: (times,), learning rate x steps.
        initial: strength of a mode at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.

    Returns:
        (times,), change of the map's entry per unit of sample weight.

    Raises:
        ValueError: the initial strength is not positive.

    Source: the step training_sample of `matrix_function_derivative`.
    """
    strengths = (
        mode_strength(np.array(x), times, initial, input_variance) for x in (first, second)
    )
    quotient = divided_difference(np.array(first), np.array(second), times, initial, input_variance)
    return _reaction(*strengths, first, second, quotient)
