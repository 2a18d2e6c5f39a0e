"""The local posterior as a Gaussian: influence by gradients, curvature and localisation."""

from __future__ import annotations

from functools import cache

import sympy
from sympy import Eq, Matrix, Rational

from analysis.theory.derivation import Derivation, Step, label

SIZE = 2  # parameters: enough for every pair of directions
gamma, nbeta = sympy.symbols("gamma beta_n", positive=True)


def _vector(name: str) -> Matrix:
    return Matrix(sympy.symbols(f"{name}_1:{SIZE + 1}", real=True))


def _symmetric(name: str) -> Matrix:
    return Matrix(SIZE, SIZE, lambda a, b: sympy.Symbol(f"{name}_{min(a, b)}{max(a, b)}"))


@cache
def _expectation_of(powers: tuple[int, ...]) -> sympy.Expr:
    """Moment of a centred Gaussian of covariance S: derivatives of exp(J^T S J / 2) at J = 0."""
    sources, covariance = _vector("J"), _symmetric("S")
    value = sympy.exp((sources.T * covariance * sources)[0] / 2)
    for source, power in zip(sources, powers, strict=True):
        value = sympy.diff(value, source, power) if power else value
    return sympy.expand(value.subs(dict.fromkeys(sources, 0)))


def _mean(polynomial: sympy.Expr, delta: Matrix) -> sympy.Expr:
    terms = sympy.Poly(sympy.expand(polynomial), *delta).terms()
    return sum(c * _expectation_of(powers) for powers, c in terms)


def gaussian_limit() -> Derivation:
    """Covariance of quadratic losses under a Gaussian, the damped influence function, and strong
    localisation.

    Returns:
        the steps covariance, damped and localised, not yet checked.

    Source: Kreer et al. 2025 (arXiv:2509.26544) for the limit; Koh and Liang 2017 for its first
    term.
    """
    return Derivation("The Gaussian limit", (_covariance(), _damped(), *_localised()))


def _covariance() -> Step:
    delta, S = _vector("delta"), _symmetric("S")
    gradients, hessians = (_vector("a"), _vector("b")), (_symmetric("A"), _symmetric("B"))
    losses = [
        (g.T * delta)[0] + (delta.T * H * delta)[0] / 2
        for g, H in zip(gradients, hessians, strict=True)
    ]
    means = [_mean(loss, delta) for loss in losses]
    covariance = _mean(losses[0] * losses[1], delta) - means[0] * means[1]
    formula = (gradients[0].T * S * gradients[1])[0] + Rational(1, 2) * (
        hessians[0] * S * hessians[1] * S
    ).trace()
    names = [sympy.MatrixSymbol(x, SIZE, SIZE) for x in (r"H_i", r"\Sigma", r"H_j")]
    shown = label(r"g_i^T \Sigma g_j") + Rational(1, 2) * sympy.Trace(
        names[0] * names[1] * names[2] * names[1]
    )
    return Step(
        "covariance",
        r"Close to the checkpoint losses are quadratic, $\ell_i = g_i^T \delta + \frac12 \delta^T "
        r"H_i \delta$, and the local posterior is Gaussian with precision $n\beta H + \gamma I$ "
        r"(the shift of its mean ignored). With $\Sigma$ its inverse,",
        Eq(label(r"\operatorname{Cov}(\ell_i, \ell_j)"), shown, evaluate=False),
        (sympy.expand(covariance - formula),),
    )


def _damped() -> Step:
    delta, g, h, H = _vector("delta"), _vector("a"), _vector("b"), _symmetric("H")
    e = sympy.Symbol("epsilon")
    pulled = nbeta * (delta.T * H * delta)[0] / 2 + gamma * (delta.T * delta)[0] / 2
    stationary = [sympy.diff(pulled + e * (g.T * delta)[0], x) for x in delta]
    found = sympy.solve(stationary, list(delta), dict=True)[0]
    moved = Matrix([sympy.diff(found[x], e).subs(e, 0) for x in delta])
    precision = nbeta * H + gamma * sympy.eye(SIZE)
    formula = -(h.T * precision.inv() * g)[0]
    return Step(
        "damped",
        r"The first term is the damped influence function: where the minimum of $n\beta L + "
        r"\frac{\gamma}{2}|\delta|^2 + \epsilon\, \ell_i$ goes, and what that does to "
        r"$\ell_j$; $\gamma$ is the damping.",
        Eq(label(r"\frac{d \ell_j}{d\epsilon}"), label(r"-g_i^T (n\beta H + \gamma I)^{-1} g_j")),
        (sympy.simplify((h.T * moved)[0] - formula),),
    )


def _localised() -> tuple[Step, ...]:
    g, h, H = _vector("a"), _vector("b"), _symmetric("H")
    A, B = _symmetric("A"), _symmetric("B")
    sigma = (nbeta * H + gamma * sympy.eye(SIZE)).inv()
    first = gamma * (g.T * sigma * h)[0]
    second = gamma * Rational(1, 2) * (A * sigma * B * sigma).trace()
    return (
        Step(
            "localised",
            "Strong localisation leaves the inner product of the gradients, influence at an "
            "instant (claim X5), and nothing of the curvature.",
            Eq(
                sympy.Limit(gamma * label(r"\operatorname{Cov}(\ell_i, \ell_j)"), gamma, sympy.oo),
                label(r"g_i \cdot g_j"),
                evaluate=False,
            ),
            tuple(
                sympy.limit(sympy.together(term), gamma, sympy.oo) - wanted
                for term, wanted in ((first, (g.T * h)[0]), (second, sympy.Integer(0)))
            ),
        ),
    )
