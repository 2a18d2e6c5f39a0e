r"""Two phases of a posterior: influence within and between them, and which phase wins when.

Losses, observables and prior are symbols; every statement is proved by `derivation.check`. The
numbers of `analysis.theory.potential` are made from these expressions.

Source: the paper's section on phases (arXiv:2510.12071); Watanabe 2009 for free energies.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Eq, Rational, exp, log, sqrt

from analysis.theory.derivation import Derivation, Step, label

STATES = 3  # of the finite space; more would prove the same
STATEMENT = Eq(label(r"dE[\phi]/d\beta_i"), -label(r"Cov(\ell_i, \phi)"))
COVARIANCE = label(r"Cov(\ell_i, \ell_j)")

# A mixture of two phases: weight of U, covariances within U and V, product of the two gaps.
PI, COV_U, COV_V, GAPS = sympy.symbols("pi_U C_U C_V D", real=True)
ODDS = sympy.Symbol("t", positive=True)  # pi_U / pi_V
BETWEEN = PI * (1 - PI) * GAPS
TOTAL = PI * COV_U + (1 - PI) * COV_V + BETWEEN
DISCRIMINANT = (COV_U + COV_V + GAPS) ** 2 - 4 * COV_U * COV_V
FLIP_ODDS = tuple(
    (-(COV_U + COV_V + GAPS) + sign * sqrt(DISCRIMINANT)) / (2 * COV_U) for sign in (-1, 1)
)

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


def influence_is_covariance() -> Derivation:
    r"""$dE_{p_\beta}[\phi]/d\beta_i = -Cov(\ell_i, \phi)$ for $p_\beta \propto
    e^{-\sum_k \beta_k \ell_k}\,prior$.

    Returns:
        the derivation, its steps not yet checked.
    """
    return Derivation("Influence is minus a covariance", (_finite_space(), *_gaussian_posterior()))


def _finite_space() -> Step:
    """Any losses, prior and observable on a space of a few states."""
    beta_i, beta_j = sympy.symbols("beta_i beta_j", positive=True)
    prior = sympy.symbols(f"q1:{STATES + 1}", positive=True)
    loss_i, loss_j, phi = (
        sympy.symbols(f"{name}1:{STATES + 1}", real=True) for name in ("ell_i", "ell_j", "phi")
    )
    weights = [
        q * exp(-beta_i * a - beta_j * b) for q, a, b in zip(prior, loss_i, loss_j, strict=True)
    ]

    def mean(values: Sequence[sympy.Expr]) -> sympy.Expr:
        total = sum(w * v for w, v in zip(weights, values, strict=True))
        return total / sum(weights)

    both = mean([a * f for a, f in zip(loss_i, phi, strict=True)])
    return Step(
        "finite_space",
        rf"A space of {STATES} states with any losses, any prior and any observable $\phi$; sums "
        r"stand for integrals: differentiating $e^{-\beta_i \ell_i}$ brings down $-\ell_i$, and "
        r"differentiating the normalisation brings down its mean.",
        STATEMENT,
        (sympy.diff(mean(phi), beta_i) + both - mean(loss_i) * mean(phi),),
    )


def _gaussian_posterior() -> tuple[Step, ...]:
    """Gaussian prior and quadratic losses on a line, integrated exactly."""
    w, u, c_i, c_j, m = sympy.symbols("w u c_i c_j m", real=True)
    gamma, beta_i, beta_j, h_i, h_j, A = sympy.symbols(
        "gamma beta_i beta_j h_i h_j A", positive=True
    )
    loss_i, loss_j = h_i * (w - c_i) ** 2 / 2, h_j * (w - c_j) ** 2 / 2
    energy = gamma * w**2 / 2 + beta_i * loss_i + beta_j * loss_j
    precision = gamma + beta_i * h_i + beta_j * h_j
    posterior = {m: (beta_i * h_i * c_i + beta_j * h_j * c_j) / precision, A: precision}

    def integral(power: int) -> sympy.Expr:
        return sympy.integrate(u**power * exp(-A * u**2 / 2), (u, -sympy.oo, sympy.oo))

    def mean(value: sympy.Expr) -> sympy.Expr:
        terms = sympy.Poly(value.subs(w, m + u), u).terms()
        return sum(factor * integral(power) / integral(0) for (power,), factor in terms)

    covariance = mean(loss_i * loss_j) - mean(loss_i) * mean(loss_j)
    return (
        Step(
            "gaussian_posterior",
            r"A Gaussian prior of precision $\gamma$ and $\ell_k = h_k (w - c_k)^2/2$: completing "
            r"the square, the posterior is Gaussian, of precision $A$ about $m$.",
            Eq(A, precision),
            (sympy.diff(energy - (A * (w - m) ** 2 / 2).subs(posterior), w),),
        ),
        Step(
            "gaussian_influence",
            r"Its moments are integrated exactly: the derivative of $E[\ell_j]$ by $\beta_i$ is "
            r"$-Cov(\ell_i, \ell_j)$.",
            STATEMENT,
            (sympy.diff(mean(loss_j).subs(posterior), beta_i) + covariance.subs(posterior),),
        ),
    )


def two_phases() -> Derivation:
    r"""Covariance of a mixture, the peak of its between-phase term, and where the total flips.

    Returns:
        the derivation, its steps not yet checked.
    """
    return Derivation("Two phases", (*_mixture(), *_flips()))


def _mixture() -> tuple[Step, ...]:
    """The law of total covariance, and the peak at equal weights."""
    mu_iU, mu_jU, mu_iV, mu_jV = sympy.symbols("mu_iU mu_jU mu_iV mu_jV", real=True)
    mean_i, mean_j = (PI * u + (1 - PI) * v for u, v in ((mu_iU, mu_iV), (mu_jU, mu_jV)))
    product = PI * (COV_U + mu_iU * mu_jU) + (1 - PI) * (COV_V + mu_iV * mu_jV)
    gaps = (mu_iU - mu_iV) * (mu_jU - mu_jV)
    half = Rational(1, 2)
    return (
        Step(
            "mixture",
            r"Within each phase $E[\ell_i \ell_j] = C + \mu_i \mu_j$; means and products of the "
            r"mixture are weighted means. What is left is the product of the phases' gaps "
            r"$D = (\mu_{iU} - \mu_{iV})(\mu_{jU} - \mu_{jV})$.",
            Eq(COVARIANCE, TOTAL),
            (product - mean_i * mean_j - TOTAL.subs(GAPS, gaps),),
        ),
        Step(
            "peak",
            r"The between-phase term falls short of $D/4$ by $D(\pi_U - 1/2)^2$: it is largest in "
            r"size at $\pi_U = 1/2$, a maximum of the covariance where the gaps agree in sign (its "
            r"second derivative is $-2D$), a minimum where they do not. The samples on which the "
            r"phases disagree most have the largest peak.",
            Eq(BETWEEN, GAPS / 4 - GAPS * (PI - half) ** 2, evaluate=False),
            (
                BETWEEN - GAPS / 4 + GAPS * (PI - half) ** 2,
                sympy.diff(BETWEEN, PI).subs(PI, half),
                BETWEEN.subs(PI, half) - GAPS / 4,
                sympy.diff(BETWEEN, PI, 2) + 2 * GAPS,
            ),
        ),
    )


def _flips() -> tuple[Step, ...]:
    """Roots of the total in the odds of the phases: how many, and when."""
    quadratic = COV_U * ODDS**2 + (COV_U + COV_V + GAPS) * ODDS + COV_V
    first, second = FLIP_ODDS
    p, q, m, s = sympy.symbols("p q m s", positive=True)
    opposed = {COV_U: p**2, COV_V: q**2, GAPS: -m}
    discriminant = DISCRIMINANT.subs(opposed)
    twice = (first + second).subs(opposed) * p**2
    return (
        Step(
            "flip_quadratic",
            r"In the odds $t = \pi_U/\pi_V \in (0, \infty)$ the total vanishes with a quadratic "
            r"whose ends are the two baselines, $C_V$ at $t = 0$ and $C_U$ as $t \to \infty$. Its "
            r"positive roots are the odds at which influence flips.",
            Eq((1 + ODDS) ** 2 * COVARIANCE, quadratic),
            (
                (1 + ODDS) ** 2 * TOTAL.subs(PI, ODDS / (1 + ODDS)) - quadratic,
                quadratic.subs(ODDS, first),
                quadratic.subs(ODDS, second),
            ),
        ),
        Step(
            "one_flip",
            r"The product of the roots is $C_V/C_U$: baselines of opposite sign have a positive "
            r"discriminant and exactly one positive root, whatever $D$: influence flips once.",
            Eq(label("t_1 t_2"), COV_V / COV_U),
            (first * second - COV_V / COV_U, TOTAL.subs(PI, 0) - COV_V, TOTAL.subs(PI, 1) - COV_U),
        ),
        Step(
            "two_flips",
            r"Baselines of one sign, $C_U = p^2$ and $C_V = q^2$, against $D = -m$: the "
            r"discriminant is negative between $(p-q)^2$ and $(p+q)^2$. Above, the sum of the "
            r"roots is positive: both are, and influence flips twice. So "
            r"$m > (\sqrt{|C_U|} + \sqrt{|C_V|})^2$ is the condition.",
            Eq(label(r"\Delta"), (m - (p + q) ** 2) * (m - (p - q) ** 2)),
            (
                discriminant - (m - (p + q) ** 2) * (m - (p - q) ** 2),
                twice.subs(m, (p + q) ** 2 + s) - (2 * p * q + s),
            ),
        ),
        Step(
            "no_flip",
            r"Below $(p-q)^2$, and with $D$ of the baselines' sign, the roots are negative: no "
            r"flip. At $m = (p+q)^2$ the total touches zero at $t = q/p$ and turns back. Two "
            r"negative baselines: the same with all signs changed.",
            Eq(label("t_1 + t_2"), -(2 * p * q + s) / p**2),
            (
                twice.subs(m, (p - q) ** 2 - s) + 2 * p * q + s,
                quadratic.subs({**opposed, ODDS: q / p}).subs(m, (p + q) ** 2),
                TOTAL + TOTAL.subs({COV_U: -COV_U, COV_V: -COV_V, GAPS: -GAPS}, simultaneous=True),
            ),
        ),
    )


def free_energy() -> Derivation:
    r"""$nL + \lambda \log n$ of two wells: exponents, log odds, critical size and its width.

    Returns:
        the derivation, its steps not yet checked.
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
