r"""Which of two phases wins: free energies, the critical sample size, and how sharp the change is.

The numbers of `analysis.theory.phase_numbers` are made from these expressions.

Losses and exponents are symbols; every statement is proved by `derivation.check`.

Source: the paper's section on phases (arXiv:2510.12071); Watanabe 2009 for free energies.
"""

from __future__ import annotations

import sympy
from sympy import Eq, Rational, exp, log, sqrt

from analysis.theory.derivation import Derivation, Step, label

# Free energies: sample size, excess loss of U, excess exponent of V, log ratio of the volumes.
SIZE, VOLUME = sympy.Symbol("n", positive=True), sympy.Symbol("c", real=True)
EXCESS = sympy.Symbol(r"{\Delta L}", positive=True)
EXPONENT = sympy.Symbol(r"{\Delta\lambda}", positive=True)
COEFFICIENT, QUARTIC, QUADRATIC = sympy.symbols("kappa kappa_U kappa_V", positive=True)
LOG_ODDS = -SIZE * EXCESS + EXPONENT * log(SIZE) + VOLUME  # of U against V
LAMBERT = -EXCESS / EXPONENT * exp(-VOLUME / EXPONENT)  # the argument of Lambert's W
CRITICAL = {
    branch: -EXPONENT / EXCESS * sympy.LambertW(LAMBERT, k)
    for branch, k in (("late", -1), ("early", 0))
}
HALF_PEAK = 2 * log(1 + sqrt(2))  # log odds at which pi_U pi_V is half its largest value
WIDTH = 2 * HALF_PEAK / (EXCESS * (1 + 1 / sympy.LambertW(LAMBERT, -1)))
DIRECTION = {  # the integral over one direction of the well kappa x^power
    2: sqrt(sympy.pi / (SIZE * COEFFICIENT)),
    4: 2 * sympy.gamma(Rational(5, 4)) * (SIZE * COEFFICIENT) ** Rational(-1, 4),
}
# log(Z_U / Z_V) of two-dimensional wells at n = 1, the losses at their minima left out.
VOLUME_RATIO = log(
    (DIRECTION[4].subs(COEFFICIENT, QUARTIC) / DIRECTION[2].subs(COEFFICIENT, QUADRATIC)) ** 2
).subs(SIZE, 1)


def free_energy() -> Derivation:
    r"""$nL + \lambda \log n$ of two wells: exponents, log odds, critical size and its width.

    Returns:
        the steps quadratic_direction, quartic_direction, log_odds, turning_point, critical_size and
        width, not yet checked.

    Source: Watanabe 2009.
    """
    return Derivation(
        "Free energy of two phases",
        (_direction(2, "quadratic"), _direction(4, "quartic"), *_transition()),
    )


def _direction(power: int, name: str) -> Step:
    """Learning coefficient of one direction of a well, from its exact integral."""
    x = sympy.Symbol("x", real=True)
    volume = sympy.integrate(exp(-SIZE * COEFFICIENT * x**power), (x, -sympy.oo, sympy.oo))
    return Step(
        f"{name}_direction",
        rf"A {name} direction $\kappa x^{power}$ adds $\lambda = 1/{power}$ to the learning "
        r"coefficient $-\partial \log Z / \partial \log n$ of its well, exactly and at every $n$.",
        Eq(label("Z"), DIRECTION[power]),
        (volume - DIRECTION[power], SIZE * sympy.diff(log(volume), SIZE) + Rational(1, power)),
    )


def _transition() -> tuple[Step, ...]:
    """When the wells weigh the same, and how sharply that changes."""
    loss_U, loss_V, lambda_U, lambda_V, volume_U, volume_V = sympy.symbols(
        "L_U L_V lambda_U lambda_V Z_U Z_V", positive=True
    )
    top = EXPONENT / EXCESS
    slope = sympy.diff(LOG_ODDS, SIZE)
    odds, w = exp(HALF_PEAK), sympy.Symbol("w", negative=True)
    # An excess loss this small against the exponent keeps Lambert's argument above -1/e.
    ranges = {EXCESS: (0.01, 0.1), EXPONENT: (0.5, 1.0), VOLUME: (0.0, 1.0)}
    free_U = SIZE * loss_U + lambda_U * log(SIZE) - log(volume_U)
    free_V = SIZE * loss_V + lambda_V * log(SIZE) - log(volume_V)
    named = {EXCESS: loss_U - loss_V, EXPONENT: lambda_V - lambda_U}
    log_odds = LOG_ODDS.subs({**named, VOLUME: log(volume_U / volume_V)})
    return (
        Step(
            "log_odds",
            r"A phase weighs $e^{-F}$, $F = nL + \lambda \log n - \log Z$ with $Z$ its volume at "
            r"$n = 1$. The log odds of U depend on $\Delta L = L_U - L_V$, "
            r"$\Delta\lambda = \lambda_V - \lambda_U$ and $c = \log(Z_U/Z_V)$, which "
            r"$nL + \lambda \log n$ leaves out.",
            Eq(label(r"\log(\pi_U/\pi_V)"), LOG_ODDS),
            (free_V - free_U - log_odds,),
        ),
        Step(
            "turning_point",
            r"They are concave in $n$ and highest at $n = \Delta\lambda/\Delta L$: two crossings "
            r"of zero, one on either side, or none.",
            Eq(label(r"n_{top}"), top),
            (slope.subs(SIZE, top), sympy.diff(LOG_ODDS, SIZE, 2) + EXPONENT / SIZE**2),
        ),
        Step(
            "critical_size",
            r"The phases weigh the same at $n = -(\Delta\lambda/\Delta L)\,W(z)$ on both real "
            r"branches of Lambert's function. $W_{-1} < -1$ lies above the turning point: the "
            r"transition from the degenerate phase to the better one. $W_0 > -1$ lies below: there "
            r"$\log n$ is no longer large, the wells are not yet apart, and the formula is outside "
            r"its range.",
            Eq(label("n_c"), CRITICAL["late"]),
            tuple(LOG_ODDS.subs(SIZE, size) for size in CRITICAL.values()),
            ranges,
        ),
        Step(
            "width",
            r"The between-phase term is half its peak at log odds $\pm 2\log(1 + \sqrt 2)$; with "
            r"their slope at the transition, $-\Delta L(1 + 1/W_{-1})$, that is the full width of "
            r"the peak in $n$, to first order.",
            Eq(label("w_n"), WIDTH),
            (
                odds / (1 + odds) ** 2 - Rational(1, 8),
                slope.subs(SIZE, -top * w) + EXCESS * (1 + 1 / w),
                WIDTH + 2 * HALF_PEAK / slope.subs(SIZE, CRITICAL["late"]),
            ),
            ranges,
        ),
    )
