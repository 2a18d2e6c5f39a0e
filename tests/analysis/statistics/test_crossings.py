"""Interpolated threshold crossings: exact on lines, one or many, first or all."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.crossings import crossings, first_crossing, rise_times

STEPS = np.array([0.0, 10.0, 20.0])


def test_the_first_fall_is_interpolated_in_every_curve():
    curves = np.array([[3.0, 1.0], [2.0, 1.0], [0.0, 1.0]])
    assert first_crossing(STEPS, curves, 1.5, np.less).tolist() == [12.5, 0.0]  # past at the start
    assert np.isnan(first_crossing(STEPS, curves, -1.0, np.less)).all()


def test_a_rise_is_a_fall_upside_down():
    curve = np.array([0.0, 0.25, 1.0, 0.0, 2.0])  # the second rise, from 30 to 40, does not count
    steps = np.arange(5) * 10
    assert float(first_crossing(steps, curve, 0.5, np.greater_equal)) == pytest.approx(10 + 10 / 3)
    assert first_crossing(steps, -curve, -0.5) == first_crossing(
        steps, curve, 0.5, np.greater_equal
    )


@pytest.mark.parametrize(("passed", "where"), [(np.less_equal, 10.0), (np.less, 30.0)])
def test_a_curve_that_touches_the_level_has_passed_only_where_it_says_so(passed, where):
    touching = np.array([2.0, 1.0, 3.0, 1.0, 0.0])
    assert first_crossing(np.arange(5) * 10.0, touching, 1.0, passed) == where


def test_what_never_passes_gets_the_answer_asked_for():
    curves = np.array([[1.0, 1.0], [2.0, -1.0]])
    assert first_crossing(STEPS[:2], curves, 0.0, otherwise=20.0).tolist() == [20.0, 5.0]


def test_whole_steps_and_a_single_one_do():
    # Integers must not be divided as such.
    assert first_crossing(np.array([0, 1]), np.array([1, -2]), 0.0) == pytest.approx(1 / 3)
    assert first_crossing(np.array([7]), np.array([-1.0]), 0.0) == 7.0
    assert np.isnan(first_crossing(np.array([7]), np.array([1.0]), 0.0))


def test_all_crossings_of_a_cosine_are_its_roots():
    x = np.linspace(0, 4 * np.pi, 4001)
    curves = np.stack([np.cos(x), np.cos(x) + 3, -np.cos(x)], 1)
    (k, curve), share = crossings(curves)
    found = x[k] + share * (x[k + 1] - x[k])
    roots = np.pi * (np.arange(4) + 0.5)
    for column in (0, 2):  # a chord's root is off by less than the cube of the spacing
        assert found[curve == column] == pytest.approx(roots, abs=1e-8)
    assert not (curve == 1).any()
    assert (np.diff(k) >= 0).all()  # by point first


def test_a_crossing_at_a_point_is_found_once():
    # The product of neighbours, 2 * 0 and 0 * -2, is never negative: a test on it misses this one.
    (k,), share = crossings(np.array([4.0, 3.0, 1.0, -1.0]), 1.0)
    assert (k.tolist(), share.tolist()) == ([1], [1.0])


def test_on_a_logarithmic_axis_a_power_law_is_crossed_where_it_should():
    sizes = 10.0 ** np.arange(5)
    odds = np.log(sizes / 300.0)
    (k,), share = crossings(odds)
    assert sizes[k] * (sizes[k + 1] / sizes[k]) ** share == pytest.approx(300.0)


def test_rise_times_of_a_curve_that_never_rises():
    assert np.isnan(rise_times(np.arange(3), np.zeros(3))).all()
    assert rise_times(np.arange(3), np.ones(3)) == (0, 0, 0)
