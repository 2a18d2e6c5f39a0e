"""How one mode of a two-layer linear network grows, and how its growth reacts to the data."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Eq, Rational, exp, log

from analysis.theory.derivation import Derivation, Step, label

t, s, sigma, g0 = sympy.symbols("t s sigma g_0", positive=True)
s1, s2 = sympy.symbols("s_j s_k", positive=True)
share, root = sympy.symbols("p a", positive=True)
log_odds, delay = sympy.symbols("u Lambda", real=True)
ARGUMENTS = (s, t, g0, sigma)


class exprel(sympy.Function):
    """(e^x - 1)/x, and 1 at 0: where a difference quotient would cancel."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return rf"\mathrm{{e}}_1\left({printer._print(self.args[0])}\right)"


STRENGTH = s * g0 / (sigma * g0 + (s - sigma * g0) * exp(-2 * s * t))
HALF_RISE = log(s / (sigma * g0) - 1) / (2 * s)
WIDTH = log(81) / (2 * s)
SENSITIVITY = (share + s * share * (1 - share) * (2 * t - 1 / (s - sigma * g0))) / sigma
INPUT_SENSITIVITY = -(STRENGTH**2) * (1 - exp(-2 * s * t)) / s
# Sensitivity times residual is highest where this vanishes; u = log(p / (1 - p)).
PEAK_CONDITION = (1 - share) * (1 - 3 * share) * (log_odds + delay) + 2 - 3 * share


def _denominator(value: sympy.Expr) -> sympy.Expr:
    return 1 + (value / (sigma * g0) - 1) * exp(-2 * value * t)


SLOPE = exp(-2 * s1 * t) / (sigma * g0) - 2 * t * (s2 / (sigma * g0) - 1) * exp(
    -2 * s2 * t
) * exprel(-2 * (s1 - s2) * t)
DIVIDED_DIFFERENCE = (1 / sigma - STRENGTH.subs(s, s2) * SLOPE) / _denominator(s1)


def mode_dynamics() -> Derivation:
    """Growth of a mode: solution, half rise, width, its two sensitivities, and when it peaks.

    Returns:
        the steps strength, half_rise, mode_width, sensitivity, input_sensitivity, mode_peak,
        mode_peak_limit and divided_difference, not yet checked.

    Source: Saxe, McClelland and Ganguli 2019 for the solution; the rest is ours.
    """
    grown = sympy.Function("G")(t)
    flow = Eq(sympy.Derivative(grown, t), 2 * grown * (s - sigma * grown))
    of_share = STRENGTH * sigma / s
    at_half = STRENGTH.subs(t, HALF_RISE)
    nine = log(9) / (2 * s)
    return Derivation(
        "How a mode grows",
        (
            Step(
                "strength",
                "Gradient flow on a balanced network, aligned with the singular vectors of "
                r"$\Sigma_{yx}$ and with whitened inputs $\Sigma_{xx} = \sigma I$, grows a mode "
                r"on its own: $\dot G = 2 G (s - \sigma G)$ from $G(0) = g_0$, with $t$ = "
                "learning rate × steps. Its solution is a logistic curve.",
                Eq(label("G(t)"), STRENGTH),
                (
                    _growth_of_a_product() - flow.rhs.subs(grown, root**2),
                    sympy.diff(STRENGTH, t) - flow.rhs.subs(grown, STRENGTH),
                    STRENGTH.subs(t, 0) - g0,
                    sympy.limit(STRENGTH, t, sympy.oo) - s / sigma,
                ),
            ),
            Step(
                "half_rise",
                r"It reaches half of its final strength $s/\sigma$ at a time that grows with the "
                "logarithm of the smallness of the start and falls with the singular value: "
                "large modes come first.",
                Eq(label(r"t_{1/2}"), HALF_RISE),
                (at_half - s / (2 * sigma),),
                {g0: (0.01, 0.1)},
            ),
            Step(
                "mode_width",
                "From a tenth to nine tenths it takes a time that the start does not enter: the "
                "transition width.",
                Eq(label(r"t_{90} - t_{10}"), WIDTH),
                (
                    STRENGTH.subs(t, HALF_RISE + nine) - Rational(9, 10) * s / sigma,
                    STRENGTH.subs(t, HALF_RISE - nine) - Rational(1, 10) * s / sigma,
                    WIDTH - 2 * nine,
                ),
                {g0: (0.01, 0.1)},
            ),
            Step(
                "sensitivity",
                r"More weight on data that carry the mode raises $s$. With $p = \sigma G / s$ the "
                "share already learnt, the strength reacts by",
                Eq(label("g'(s)"), SENSITIVITY),
                (sympy.diff(STRENGTH, s) - SENSITIVITY.subs(share, of_share),),
            ),
            Step(
                "input_sensitivity",
                r"The same weight also raises the input covariance $\sigma$, which holds the "
                "strength back:",
                Eq(label(r"\partial G / \partial \sigma"), INPUT_SENSITIVITY),
                (sympy.diff(STRENGTH, sigma) - INPUT_SENSITIVITY,),
            ),
            _peak(),
            _peak_limit(),
            _divided_difference(),
        ),
    )


def _growth_of_a_product() -> sympy.Expr:
    """Rate of w2 w1 for one aligned, balanced mode, each layer following its own gradient."""
    w1, w2 = sympy.symbols("w_1 w_2", positive=True)
    error = s - w2 * w1 * sigma  # minus the gradient of the loss by the map, for this mode
    return (w2 * (w2 * error) + (error * w1) * w1).subs({w1: root, w2: root})


def _peak() -> Step:
    """When sensitivity times residual is highest."""
    p = 1 / (1 + exp(-log_odds))
    reach = log_odds + delay  # 2 s t less s / (s - sigma g0)
    product = (1 - p) * p * (1 + (1 - p) * reach)
    found = sympy.diff(product, log_odds) - p * (1 - p) * PEAK_CONDITION.subs(share, p)
    # As the start shrinks, delay grows: what multiplies it decides.
    leading = sympy.limit(PEAK_CONDITION / delay, delay, sympy.oo)
    # The condition falls from 1 at the start to -1 at the end of learning: a highest point.
    start = PEAK_CONDITION.subs(delay, -log_odds - s / (s - sigma * g0))
    at_start = start.subs(share, sigma * g0 / s) - 1
    at_end = PEAK_CONDITION.subs(share, 1) + 1
    return Step(
        "mode_peak",
        r"What the mode contributes to its own loss is $g'(s)$ times the residual "
        r"$(s/\sigma)(1 - p)$. With $u = \log(p/(1-p))$ and $\Lambda = \log(s/(\sigma g_0) - 1) - "
        r"s/(s - \sigma g_0)$ it is highest where",
        Eq(PEAK_CONDITION, 0),
        (
            found,
            at_start,
            at_end,
            leading - (1 - share) * (1 - 3 * share),
            leading.subs(share, Rational(1, 3)),
        ),
    )


def _peak_limit() -> Step:
    """The peak for a vanishing start."""
    p, early = Rational(1, 3), STRENGTH.subs(t, HALF_RISE - log(2) / (2 * s))
    return Step(
        "mode_peak_limit",
        "For a vanishing start the peak therefore comes when one third of the mode is learnt, "
        r"$\log 2 / 2s$ before half rise, whatever the singular value.",
        Eq(label(r"t_{\mathrm{peak}}"), label(r"t_{1/2}") - log(2) / (2 * s)),
        (early * sigma / s - p,),
        {g0: (0.01, 0.1)},
    )


def _divided_difference() -> Step:
    """The quotient of two strengths, without cancellation."""
    plain = (STRENGTH.subs(s, s1) - STRENGTH.subs(s, s2)) / (s1 - s2)
    written = DIVIDED_DIFFERENCE.replace(exprel, lambda x: (exp(x) - 1) / x)
    # e_1(0) = 1: equal singular values need no case of their own.
    equal = DIVIDED_DIFFERENCE.subs(s1, s2).replace(exprel, lambda x: sympy.Integer(1))
    return Step(
        "divided_difference",
        r"Two modes together need the quotient $(G(s_j) - G(s_k))/(s_j - s_k)$. Written through "
        r"$\mathrm{e}_1(x) = (e^x - 1)/x$ it holds for equal singular values too, where it is "
        r"$g'(s)$:",
        Eq(label("G[s_j, s_k]"), DIVIDED_DIFFERENCE),
        (plain - written, equal - sympy.diff(STRENGTH, s).subs(s, s2)),
    )
