"""First-order theory with both covariances shifted: the tangent of training, mode by mode."""

from __future__ import annotations

import numpy as np
import sympy
from scipy.integrate import solve_ivp
from sympy import Eq, Matrix

from analysis.theory.derivation import Derivation, Step, label, numeric
from analysis.theory.mode_dynamics import INPUT_SENSITIVITY, STRENGTH, s, s1, s2, sigma, t
from analysis.theory.modes import mode_strength

a1, a2 = sympy.symbols("a_j a_k", positive=True)  # roots of the two strengths
M1, M2, N = sympy.symbols("M_jk M_kj N_jk")
STATE = sympy.symbols("P_jk P_kj Q_jk Q_kj")  # what the two layers move by
r1, r2 = s1 - sigma * a1**2, s2 - sigma * a2**2  # what each mode has still to learn


def _system() -> tuple[Matrix, Matrix]:
    """The 4x4 matrix and the drive of the tangent of modes j and k."""
    P12, P21, Q12, Q21 = STATE
    error12 = M1 - sigma * (Q12 * a2 + a1 * P12) - a1**2 * N
    error21 = M2 - sigma * (Q21 * a1 + a2 * P21) - a2**2 * N
    rates = Matrix(
        [
            Q21 * r2 + a1 * error12,
            Q12 * r1 + a2 * error21,
            error12 * a2 + r1 * P21,
            error21 * a1 + r2 * P12,
        ]
    ).applyfunc(sympy.expand)
    matrix = rates.jacobian(STATE)
    return matrix, (rates - matrix * Matrix(STATE)).applyfunc(sympy.expand)


MATRIX, DRIVE = _system()
MOVED = STATE[2] * a2 + a1 * STATE[0]  # of the map's entry jk


def _square(name: str) -> Matrix:
    return Matrix(2, 2, sympy.symbols(f"{name}_11 {name}_12 {name}_21 {name}_22"))


def _tangent_of_flow() -> Step:
    W1, W2, P, Q, Y, X, M_, N_ = map(_square, ("A1", "A2", "P", "Q", "Y", "X", "M", "N"))
    e = sympy.Symbol("epsilon")
    left, right = W2 + e * Q, W1 + e * P
    error = Y + e * M_ - left * right * (X + e * N_)
    flows = (left.T * error, error * right.T)
    moved = [flow.applyfunc(lambda x: sympy.diff(x, e).subs(e, 0)) for flow in flows]
    before = Y - W2 * W1 * X
    change = M_ - (Q * W1 + W2 * P) * X - W2 * W1 * N_
    claimed = (Q.T * before + W2.T * change, change * W1.T + before * P.T)
    names = [sympy.MatrixSymbol(name, 2, 2) for name in ("Q", "R", "W_2", "D")]
    shown = names[0].T * names[1] + names[2].T * names[3]
    return Step(
        "tangent",
        r"Let training follow $\dot W_1 = W_2^T R$, $\dot W_2 = R W_1^T$ with $R = \Sigma_{yx} - "
        r"W_2 W_1 \Sigma_{xx}$. Weight on sample $p$ shifts both covariances, by $M = \frac{1}{n} "
        r"y_p x_p^T$ and $N = \frac{1}{n} x_p x_p^T$; the layers move by $P$ and $Q$. With "
        r"$D = M - (Q W_1 + W_2 P) \Sigma_{xx} - W_2 W_1 N$, $\dot Q = D W_1^T + R P^T$ and",
        Eq(label(r"\dot P"), shown, evaluate=False),
        tuple(
            sympy.expand(x) for got, want in zip(moved, claimed, strict=True) for x in got - want
        ),
    )


def _pair_of_modes() -> Step:
    P12, P21, Q12, Q21 = STATE
    P, Q = Matrix([[0, P12], [P21, 0]]), Matrix([[0, Q12], [Q21, 0]])
    A, S = sympy.diag(a1, a2), sympy.diag(s1, s2)
    before = S - sigma * A * A
    M_, N_ = Matrix([[0, M1], [M2, 0]]), Matrix([[0, N], [N, 0]])
    change = M_ - sigma * (Q * A + A * P) - A * A * N_
    rates_P, rates_Q = Q.T * before + A.T * change, change * A.T + before * P.T
    mine = MATRIX * Matrix(STATE) + DRIVE
    entries = (rates_P[0, 1], rates_P[1, 0], rates_Q[0, 1], rates_Q[1, 0])
    return Step(
        "pair",
        r"On an aligned path $W_1 = W_2^T = \mathrm{diag}(\sqrt{G})$ and $\Sigma_{xx} = \sigma I$, "
        "so that only the entries $jk$ and $kj$ meet: four numbers per pair of modes, with "
        r"$a = \sqrt{G}$, driven by $M$ and $N$. They are integrated by quadrature; the map's "
        r"entry moves by $dW_{jk} = Q_{jk} a_k + a_j P_{jk}$.",
        Eq(
            sympy.Derivative(Matrix(STATE), t),
            sympy.Add(sympy.MatMul(MATRIX, Matrix(STATE), evaluate=False), DRIVE, evaluate=False),
            evaluate=False,
        ),
        tuple(sympy.expand(x - y) for x, y in zip(entries, mine, strict=True)),
    )


def _balance() -> Step:
    P12, P21, Q12, Q21 = STATE
    kept = a2 * Q21 + a1 * Q12 - a2 * P12 - a1 * P21
    rate = sum(
        sympy.diff(kept, x) * dx
        for x, dx in zip(STATE, MATRIX * Matrix(STATE) + DRIVE, strict=True)
    ) + sum(sympy.diff(kept, a) * a * r for a, r in ((a1, r1), (a2, r2)))
    return Step(
        "balance",
        r"Gradient flow keeps $W_2^T W_2 - W_1 W_1^T$, whatever the data are. Its tangent is a "
        "check on the four numbers:",
        Eq(kept, 0),
        (sympy.expand(rate),),
    )


def _diagonal() -> Step:
    m, k = sympy.symbols("M_jj N_jj")
    moved = m * sympy.diff(STRENGTH, s) + k * INPUT_SENSITIVITY
    rate = 2 * (s - 2 * sigma * STRENGTH) * moved + 2 * STRENGTH * m - 2 * STRENGTH**2 * k
    P12, P21, Q12, Q21 = STATE
    # On the diagonal jk and kj are one, and P = Q: w = 2 a p must obey the equation above.
    p, a, w = sympy.symbols("p a w")
    one = {P12: p, P21: p, Q12: p, Q21: p, a1: a, a2: a, s1: s, s2: s, M1: m, M2: m, N: k}
    p_rate = (MATRIX * Matrix(STATE) + DRIVE)[0].subs(one, simultaneous=True)
    w_rate = 2 * a * (s - sigma * a**2) * p + 2 * a * p_rate
    wanted = 2 * (s - 2 * sigma * a**2) * w + 2 * a**2 * m - 2 * a**4 * k
    return Step(
        "diagonal",
        "On the diagonal the four numbers are one, and its equation is that of the mode's own "
        "strength differentiated by its two covariances. So the answer is closed, with the two "
        "sensitivities of the mode:",
        Eq(
            label("dW_{jj}"),
            m * label("g'(s_j)") + k * label(r"\partial G_j/\partial\sigma"),
        ),
        (
            sympy.diff(moved, t) - rate,
            moved.subs(t, 0),
            sympy.expand(w_rate - wanted.subs(w, 2 * a * p)),
        ),
    )


def first_order() -> Derivation:
    """The tangent of gradient flow, in the singular basis: how the layers react to weight on a
    sample when both covariances shift.

    Returns:
        the steps tangent, pair, balance and diagonal, not yet checked.

    Source: ours; Saxe, McClelland and Ganguli 2019 for the path it is the tangent of.
    """
    steps = (_tangent_of_flow(), _pair_of_modes(), _balance(), _diagonal())
    return Derivation("First order, with the input covariance", steps)


_matrix = numeric(MATRIX, s1, s2, a1, a2, sigma)
_drive = numeric(DRIVE, s1, s2, a1, a2, sigma, M1, M2, N)


def mode_pair_reaction(
    first: float,
    second: float,
    times: np.ndarray,
    initial: float,
    input_variance: float,
    *,
    input_shift: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Reaction $D_{jk}$ and $D_{kj}$ of the map to weight on a training sample, per
    $v_{pj} v_{pk}$, on an aligned path: the four equations of the step "pair", integrated.

    Args:
        first: singular value s_j of the input-output covariance.
        second: singular value s_k; may equal the first.
        times: (times,), increasing from 0 or later, learning rate x steps.
        initial: strength G of both modes at time 0, > 0.
        input_variance: sigma, 1/items for one-hot inputs.
        input_shift: False leaves the input covariance as it is, as the closed form does.

    Returns:
        D_jk and D_kj, each (times,): change of the map's entry per unit of sample weight.

    Raises:
        ValueError: the initial strength is not positive.

    Source: `first_order` proves the equations.
    """
    drive = (first, second, input_variance if input_shift else 0.0)
    values = np.array([first, second])

    def rates(time: float, state: np.ndarray) -> np.ndarray:
        roots = np.sqrt(mode_strength(values, np.array(time), initial, input_variance))
        moved = _matrix(first, second, *roots, input_variance) @ state
        return moved + _drive(first, second, *roots, input_variance, *drive)[:, 0]

    times = np.asarray(times, dtype=float)
    span = (0.0, max(float(times[-1]), 1e-12))
    solved = solve_ivp(rates, span, np.zeros(4), t_eval=times, rtol=1e-9, atol=1e-12)
    P12, P21, Q12, Q21 = solved.y
    a, b = np.sqrt(mode_strength(values[:, None], times, initial, input_variance))
    return Q12 * b + a * P12, Q21 * a + b * P21
