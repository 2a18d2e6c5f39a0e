r"""Two phases of a posterior: influence within them, between them, and where it flips.

Losses, observables and prior are symbols; every statement is proved by `derivation.check`. The
numbers of `analysis.theory.phase_numbers` are made from these expressions. Which of two phases wins
when is said in `free_energy`.

Source: the paper's section on phases (arXiv:2510.12071).
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Eq, Rational, exp, sqrt

from analysis.theory.derivation import Derivation, Step, label

STATES = 3  # of the finite space; more would prove the same
STATEMENT = Eq(
    label(r"d\operatorname{E}[\phi]/d\beta_i"), -label(r"\operatorname{Cov}(\ell_i, \phi)")
)
COVARIANCE = label(r"\operatorname{Cov}(\ell_i, \ell_j)")

# A mixture of two phases: weight of U, covariances within U and V, product of the two gaps.
PI, COV_U, COV_V, GAPS = sympy.symbols("pi_U C_U C_V D", real=True)
ODDS = sympy.Symbol("t", positive=True)  # pi_U / pi_V
BETWEEN = PI * (1 - PI) * GAPS
TOTAL = PI * COV_U + (1 - PI) * COV_V + BETWEEN
DISCRIMINANT = (COV_U + COV_V + GAPS) ** 2 - 4 * COV_U * COV_V
FLIP_ODDS = tuple(
    (-(COV_U + COV_V + GAPS) + sign * sqrt(DISCRIMINANT)) / (2 * COV_U) for sign in (-1, 1)
)


def influence_is_covariance() -> Derivation:
    r"""$dE_{p_\beta}[\phi]/d\beta_i = -Cov(\ell_i, \phi)$ for $p_\beta \propto
    e^{-\sum_k \beta_k \ell_k}\,prior$.

    Returns:
        the steps finite_space, gaussian_posterior and gaussian_influence, not yet checked.

    Source: the paper (arXiv:2510.12071); Kreer et al. 2025 (arXiv:2509.26544).
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
            r"Its moments are integrated exactly: the derivative of $\operatorname{E}[\ell_j]$ by "
            r"$\beta_i$ is $-\operatorname{Cov}(\ell_i, \ell_j)$.",
            STATEMENT,
            (sympy.diff(mean(loss_j).subs(posterior), beta_i) + covariance.subs(posterior),),
        ),
    )


def two_phases() -> Derivation:
    """Covariance of a mixture, the peak of its between-phase term, and where the total flips.

    Returns:
        the steps mixture, peak, flip_quadratic, one_flip, two_flips and no_flip, not yet checked.

    Source: the paper's section on phases (arXiv:2510.12071); the conditions for flips are ours.
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
            r"Within each phase $\operatorname{E}[\ell_i \ell_j] = C + \mu_i \mu_j$; means and "
            r"products of the mixture are weighted means. What is left is the product of the "
            r"phases' gaps $D = (\mu_{iU} - \mu_{iV})(\mu_{jU} - \mu_{jV})$.",
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
