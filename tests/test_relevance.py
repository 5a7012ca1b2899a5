"""Relevance of labels: robustbase's medcouple and fences, and the spline of IRon."""

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from bench.relevance import MOST, control_points, medcouple, relevance

RNG = np.random.default_rng(0)
SKEWED = RNG.exponential(5, 300)


@pytest.mark.parametrize(
    ("numbers", "value"),
    [
        # from the documentation of robustbase's mc
        ([1, 2, 3, 4, 5], 0),
        ([1, 2, 7, 9, 10], -1 / 3),
        ([0.0, 0.8, 1.0, 1.2, 1.3, 1.3, 1.4, 1.8, 2.4, 4.6], 0.125),
        ([-20, -5, -2, -1, 0, 1, 2, 5, 20], 0),
        ([1, 2, 3, 4, 5, 7, 10, 15, 25, 1e4], 7 / 12),
        # by hand; the second: thrice -1, thrice 0, then 0.75, five times 1
        ([2, 2, 2], 0),
        ([1, 2, 2, 3, 9], 0.375),
    ],
)
def test_the_medcouple_is_that_of_robustbase(numbers, value):
    assert medcouple(np.array(numbers)) == pytest.approx(value, abs=1e-9)


def compared_one_by_one(x):
    x = np.sort(x) - np.median(x)
    up, down = x[x >= 0][::-1], x[x <= 0][::-1]
    number = (x == 0).sum()
    pairs = [
        np.sign(number - 1 - (i - (len(up) - number)) - j) if a == b == 0 else (a + b) / (a - b)
        for i, a in enumerate(up)
        for j, b in enumerate(down)
    ]
    return np.median(pairs)


@pytest.mark.parametrize("numbers", [SKEWED, SKEWED.round(), SKEWED[:50].round(), SKEWED[:7]])
def test_equal_numbers_count_as_if_each_was_compared(numbers):
    assert medcouple(numbers) == pytest.approx(compared_one_by_one(numbers), abs=1e-12)
    assert medcouple(-numbers) == pytest.approx(-medcouple(numbers), abs=1e-12)


def test_of_many_distinct_numbers_some_at_even_ranks_stand_for_all():
    many = RNG.exponential(5, 2 * MOST)
    assert medcouple(many) == pytest.approx(compared_one_by_one(many), abs=2e-3)


def test_fences_reach_far_on_the_side_of_the_long_tail():
    low, median, high = control_points([1, 2, 7, 9, 10])
    # hinges 2 and 9, medcouple -1/3: the exponents are -3 · -1/3 below and 4 · -1/3 above
    assert (low, median, high) == pytest.approx((2 - 1.5 * np.exp(1) * 7, 7, 9 + 1.5 * np.exp(-4 / 3) * 7))
    assert control_points([1, 2, 3, 4]) == pytest.approx((1.5 - 3, 2.5, 3.5 + 3))  # hinges of an even number


def test_relevance_is_a_cubic_hermite_spline_through_the_control_points():
    points = control_points(SKEWED)
    y = np.linspace(points[0], points[2], 101)
    expected = CubicHermiteSpline(points, [1, 0, 1], [0, 0, 0])(y)
    np.testing.assert_allclose(relevance(SKEWED, y), expected, atol=1e-12)
    assert relevance(SKEWED, np.array([points[0] - 1, points[2] + 1, points[2]])).tolist() == [1, 1, 1]


def test_where_both_quartiles_are_the_median_every_other_label_is_relevant():
    assert relevance(np.array([2, 2, 2, 2, 9]), np.array([[1.0], [2.0], [9.0]])).tolist() == [[1], [0], [1]]
