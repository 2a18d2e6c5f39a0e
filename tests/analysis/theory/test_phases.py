"""Two phases: derivations proved, integrals against closed forms, the sampler against both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch
from scipy import special
from scipy.optimize import brentq

from analysis.estimators.bif import bayesian_influence
from analysis.sampling.posterior import sample_posterior
from analysis.sampling.settings import PosteriorConfig
from analysis.theory import free_energy, phase_numbers, phases, potential
from analysis.theory.derivation import DerivationError, check
from analysis.theory.phase_numbers import flip_weights
from analysis.theory.potential import TwoWellLoss, TwoWells, exact_moments
from tests.conftest import ROUNDING

DERIVATIONS = (phases.influence_is_covariance, phases.two_phases, free_energy.free_energy)
STEPS = {step.name: step for derive in DERIVATIONS for step in derive().steps}
GRID_ERROR = 1e-4  # relative; the trapezoidal rule gives 2e-6, leaving out a phase 0.8
DEFAULT, NAMES = TwoWells(), list(TwoWells().slopes)
KNOWN = (DEFAULT.excess_loss, potential.EXCESS_EXPONENT, DEFAULT.log_volume)


def wrong() -> dict[str, sympy.Expr]:
    """Statements with one sign, root or exponent changed, by the step they would spoil."""
    p, q, m, beta, a, b, f, g = sympy.symbols("p q m beta a b f g", positive=True)
    heads = 1 / (1 + sympy.exp(beta * (a - b)))  # weight of the first of two states
    size, top, w = (
        free_energy.SIZE,
        free_energy.EXPONENT / free_energy.EXCESS,
        sympy.Symbol("w", negative=True),
    )
    slope = sympy.diff(free_energy.LOG_ODDS, size)
    opposed = phases.DISCRIMINANT.subs({phases.COV_U: p**2, phases.COV_V: q**2, phases.GAPS: -m})
    return {
        "finite_space": sympy.diff(heads * f + (1 - heads) * g, beta)
        - heads * (1 - heads) * (a - b) * (f - g),
        "mixture": phases.two_phases()["mixture"].residuals[0] + 2 * phases.BETWEEN,
        "peak": sympy.diff(phases.BETWEEN, phases.PI).subs(phases.PI, sympy.Rational(1, 3)),
        "two_flips": opposed - (m - (p - q) ** 2) * (m + (p + q) ** 2),
        "quartic_direction": sympy.diff(sympy.log(free_energy.DIRECTION[4]), size) + 1 / (2 * size),
        "critical_size": free_energy.LOG_ODDS.subs(
            size, top * sympy.LambertW(-free_energy.LAMBERT)
        ),
        "width": slope.subs(size, -top * w) + free_energy.EXCESS * (1 - 1 / w),
    }


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_proved(name):
    assert check(STEPS[name]) in ("symbolically", "numerically")
    assert STEPS[name].says.count("$") % 2 == 0


@pytest.mark.parametrize("name", wrong())
def test_a_wrong_sign_is_not_proved(name):
    with pytest.raises(DerivationError, match=name):
        check(replace(STEPS[name], residuals=(wrong()[name],)))


def naive(n: float, gamma: float, at: tuple[float, float], more: tuple[int, float] = (0, 0.0)):
    """Mean losses, influence and weight of U as defined; sample more[0] counts more[1] more."""
    x, y = np.meshgrid(np.linspace(-6, 6, 501), np.linspace(-5, 5, 451), indexing="ij")
    U = DEFAULT.excess_loss + DEFAULT.quartic * ((x + 1) ** 4 + y**4)
    V = DEFAULT.quadratic * ((x - 1) ** 2 + y**2)
    losses = [np.minimum(U, V) + p * x + q * y + r * x * y for p, q, r in DEFAULT.slopes.values()]
    energy = n * sum(losses) / len(losses) + gamma / 2 * ((x - at[0]) ** 2 + (y - at[1]) ** 2)
    density = np.exp(-energy - more[1] * losses[more[0]])
    density /= density.sum()
    means = [float((density * loss).sum()) for loss in losses]
    influence = [[-(density * (a - c) * (b - d)).sum() for b, d in zip(losses, means, strict=True)]
                 for a, c in zip(losses, means, strict=True)]  # fmt: skip
    return np.array(means), np.array(influence), float(density[U < V].sum())


@pytest.mark.parametrize(("n", "gamma", "well"), [(300, 0, "U"), (2000, 0, "U"), (900, 3, "V")])
def test_moments_equal_the_definition_and_influence_the_response(n, gamma, well):
    found = exact_moments(DEFAULT, [n], gamma=gamma, anchor=well)
    _, expected, weight = naive(n, gamma, potential.WELLS[well])
    parts, reach = found.influences, GRID_ERROR * np.abs(expected).max()
    np.testing.assert_allclose(parts["total"][0], expected, atol=reach)
    np.testing.assert_allclose((parts["within"] + parts["between"])[0], expected, atol=reach)
    assert found.weight[0] == pytest.approx(weight, abs=1e-3)  # grid cells on the ridge
    # The theorem itself, sign included: the response of mean losses to more weight on a sample.
    up, down = (naive(n, gamma, potential.WELLS[well], (2, h))[0] for h in (1e-4, -1e-4))
    np.testing.assert_allclose(parts["total"][0, 2], (up - down) / 2e-4, atol=reach)


@pytest.mark.parametrize("gamma", [0.0, 7.0])
def test_a_quadratic_well_is_gaussian(gamma):
    wells, n = TwoWells(excess_loss=0.8), np.array([300.0, 3000.0])  # U is out of reach
    found = exact_moments(wells, n, gamma=gamma, anchor="V")
    k, i, j = wells.quadratic, NAMES.index("wide"), NAMES.index("narrow")
    variance = 1 / (2 * k * n + gamma)
    assert found.weight[1] == 0  # e^-2400: one normalisation for both phases would give 0 / 0
    assert np.isfinite(found.covariances).all()
    np.testing.assert_allclose(found.means[:, 1, i], 2 + 2 * k * variance, rtol=1e-9)
    of_mean = 4 * (k * variance) ** 2  # the mean loss is k times two squares
    np.testing.assert_allclose(found.total[:, i, j], -8 * variance + of_mean, rtol=1e-6)


def test_a_quartic_well_has_the_moments_of_the_gamma_function():
    wells, n = TwoWells(excess_loss=-0.8), np.array([300.0, 3000.0])  # V is out of reach
    found, i = exact_moments(wells, n), NAMES.index("wide")
    square = special.gamma(3 / 4) / special.gamma(1 / 4) / np.sqrt(n * wells.quartic)
    np.testing.assert_allclose(found.weight, 1, atol=1e-12)
    # n kappa x^4 is Gamma(1/4): mean and variance 1/4, in two directions: lambda = 1/2.
    np.testing.assert_allclose(found.means[:, 0, i], -0.8 - 2 + 0.5 / n, rtol=1e-9)
    np.testing.assert_allclose(found.total[:, i, i], 4 * square + 0.5 / n**2, rtol=1e-6)


def test_the_grid_and_the_box_do_not_matter(monkeypatch):
    n = 200 * 10 ** np.linspace(0, 2, 5)
    found, finer = exact_moments(DEFAULT, n), exact_moments(DEFAULT, n, spacing=0.015)
    monkeypatch.setattr(potential, "BOX", (8.0, 7.0))
    for other in (finer, exact_moments(DEFAULT, n)):
        change = np.abs(found.total - other.total).max((1, 2)) / np.abs(other.total).max((1, 2))
        assert change.max() < GRID_ERROR
        assert np.abs(found.weight - other.weight).max() < 1e-4


def test_losses_have_the_mean_and_the_gradient_they_should():
    w = 3 * torch.arange(100, dtype=torch.float64).sin().reshape(50, 2)
    loss = TwoWellLoss(DEFAULT)
    every = loss({"w": w}, None)
    np.testing.assert_allclose(every.mean(1), torch.minimum(*loss.wells(w)), atol=ROUNDING)
    for batch in (None, torch.arange(150).square().reshape(50, 3) % len(NAMES)):
        leaf = w.clone().requires_grad_()
        (wanted,) = torch.autograd.grad(loss({"w": leaf}, batch).sum(), leaf)
        losses, gradient = loss.losses_and_gradient({"w": w}, batch)
        picked = every if batch is None else every.gather(1, batch)
        np.testing.assert_allclose(losses, picked, atol=ROUNDING)
        np.testing.assert_allclose(gradient["w"], wanted, atol=ROUNDING)


@pytest.mark.parametrize("well", list(potential.WELLS))
def test_sampler_against_its_exact_local_posterior(well):
    n, gamma = 632.0, 30.0
    config = PosteriorConfig(nbeta=n, gamma=gamma, chains=128, burn_in=1000, draws=150, thinning=10,
                             step_size=0.03 / (2 * DEFAULT.quadratic * n + gamma))  # fmt: skip
    at = {"w": torch.tensor([potential.WELLS[well]])}
    draws = sample_posterior(TwoWellLoss(DEFAULT), at, config, seed=0)
    found, error = bayesian_influence(draws.losses[0].numpy())
    exact = (exact_moments(DEFAULT, [n], gamma=gamma, anchor=well), exact_moments(DEFAULT, [n]))
    z = np.array([(found - moments.influences["total"][0]) / error for moments in exact])
    rms = np.sqrt((z[:, *np.triu_indices(len(NAMES))] ** 2).mean(1))
    assert rms[0] < 1.7 < 20 < rms[1]  # of 21 correlated values; the global posterior is another


@pytest.mark.parametrize(("quadratic", "low", "high"), [(0.03, 1, 1.02), (0.12, 1.3, 1.5)])
def test_free_energy_predicts_the_exact_transition(quadratic, low, high):
    # With other volumes nL + lambda log n alone is off by a factor; with them it is not.
    wells, known = TwoWells(quadratic=quadratic), KNOWN[:2]
    predicted = phase_numbers.critical_size(*known, wells.log_volume)
    exact = brentq(lambda n: exact_moments(wells, [n]).weight[0] - 0.5, 1000, 6000, xtol=1)
    assert predicted == pytest.approx(exact, rel=0.005)
    assert low < exact / phase_numbers.critical_size(*known) < high


def test_both_branches_are_crossings_and_only_the_late_one_ends_the_degenerate_phase():
    early, late = (phase_numbers.critical_size(*KNOWN, branch) for branch in ("early", "late"))
    assert early < potential.EXCESS_EXPONENT / DEFAULT.excess_loss < late
    around = phase_numbers.phase_weight(np.array([0.99 * early, early, late, 1.01 * late]), *KNOWN)
    np.testing.assert_allclose(around[1:3], 0.5, atol=ROUNDING)
    assert around[0] < 0.5 > around[3]
    ends = late + phase_numbers.transition_width(*KNOWN) * np.array([-0.5, 0.5])
    weight = phase_numbers.phase_weight(ends, *KNOWN)
    np.testing.assert_allclose(weight * (1 - weight), 1 / 8, rtol=0.15)  # to first order


def test_flip_weights_are_where_the_total_changes_sign():
    grid, counts = np.linspace(0, 1, 200_001), set()
    for U, V, gaps in np.random.default_rng(0).normal(size=(200, 3)) * [1, 1, 4]:
        found = flip_weights(U, V, gaps)
        total = grid * U + (1 - grid) * V + grid * (1 - grid) * gaps
        changes = grid[1:][np.diff(np.sign(total)) != 0]
        np.testing.assert_allclose(found, changes, atol=1e-5)
        counts.add(len(found))
    assert counts == {0, 1, 2}
    for sign in (1, -1):  # two flips need the between-phase term to pass the threshold
        ends, threshold = (sign * 0.3, sign * 1.7), -sign * (0.3**0.5 + 1.7**0.5) ** 2
        assert len(flip_weights(*ends, 1.0001 * threshold)) == 2
        assert flip_weights(*ends, 0.9999 * threshold) == flip_weights(*ends, sign * 50) == ()
    none, one = [(0, 0, 0), (0, 0, 3), (1, 0, 3), (0, -1, 0.5)], [(0, 1, -3), (1, 0, -3)]
    assert [len(flip_weights(*given)) for given in none + one] == [0, 0, 0, 0, 1, 1]


REFUSED = [
    (phase_numbers.critical_size, (-0.1, 0.5), {}, "excess_loss = -0.1.*must be finite and > 0"),
    (phase_numbers.critical_size, (0.1, 0.0), {}, "excess_exponent = 0"),
    (phase_numbers.critical_size, (0.5, 0.5), {}, "V outweighs U at every n; excess_loss < 0.184"),
    (phase_numbers.critical_size, (0.1, 0.5, np.nan), {}, "log_volume within"),
    (phase_numbers.phase_weight, (np.array([1.0, 0.0]), 0.1, 0.5), {}, "every n must be"),
    (flip_weights, (np.nan, 1.0, 1.0), {}, "must be finite"),
    (exact_moments, (DEFAULT, [100.0, np.inf]), {}, "every n must be"),
    (exact_moments, (DEFAULT, [100.0]), {"gamma": 1.0}, "anchor = None"),
    (exact_moments, (DEFAULT, [100.0]), {"gamma": np.nan}, "gamma = nan"),
    (exact_moments, (DEFAULT, [1e6]), {}, "spacing = 0.03: at most"),
    (exact_moments, (TwoWells(excess_loss=50), [100.0]), {}, "no two phases"),
    (TwoWells, (), {"quartic": 0.0}, "quartic = 0.0"),
    (TwoWells, (), {"slopes": {"a": (1, 0, 0)}}, "each sum must be 0"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "given", "named", "message"), REFUSED)
def test_bad_input_is_refused_by_name(call, given, named, message):
    with pytest.raises(ValueError, match=message):
        call(*given, **named)
