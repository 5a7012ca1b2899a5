"""How far drawing other test rows moves a metric: against a bootstrap and against leaving rows out."""

import numpy as np
import pytest

from bench.leaderboard.influence import influence, row_groups, sampling_deviation
from bench.metrics import METRICS

RNG = np.random.RandomState(0)
Y = np.round(RNG.gamma(2.0, 2.0, (300, 1)), 1) + 1  # with ties
Y_HAT = Y + RNG.normal(0.0, 1.0, Y.shape)


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "r2", "pearson", "spearman", "delta1", "abs_rel"])
def test_the_deviation_is_that_of_a_bootstrap_of_rows(metric):
    rng = np.random.RandomState(1)
    function = METRICS[metric].function
    drawn = [function(Y_HAT[rows], Y[rows]) for rows in rng.randint(0, len(Y), (1000, len(Y)))]
    found = influence(metric, Y_HAT, Y)
    assert abs(found.mean()) < 1e-9
    # a thousand resamples give a deviation to 2%; twice that, and what is not linear
    assert sampling_deviation(found, np.arange(len(Y))) == pytest.approx(np.std(drawn), rel=0.07)


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2", "pearson", "spearman"])
def test_influences_are_what_leaving_a_row_out_moves(metric):
    function, n = METRICS[metric].function, len(Y)
    rest = [np.delete(np.arange(n), row) for row in range(n)]
    left_out = np.array([function(Y_HAT[rows], Y[rows]) for rows in rest])
    np.testing.assert_allclose(influence(metric, Y_HAT, Y), (n - 1) * (left_out.mean() - left_out), atol=0.02, rtol=0.1)


def test_several_targets_of_a_row_count_as_one_draw():
    y_hat, y = Y_HAT.reshape(100, 3), Y.reshape(100, 3)
    each = ((y_hat - y) ** 2).mean(1)
    found = sampling_deviation(influence("mse", y_hat, y), np.arange(100))
    assert found == pytest.approx(each.std(ddof=1) / 10)


def test_the_angular_error_moves_by_each_rows_angle():
    y_hat, y = np.array([[0.0, 10.0], [0.0, 0.0], [30.0, 5.0]]), np.array([[0.0, 0.0], [0.0, 20.0], [0.0, 5.0]])
    np.testing.assert_allclose(influence("angular", y_hat, y), np.array([10.0, 20.0, 30.0]) - 20.0, atol=1e-9)


def test_balanced_errors_weigh_bins_alike():
    y_hat, y = np.array([[1.0], [3.0], [9.0], [5.0]]), np.array([[0.0], [0.0], [4.0], [4.0]])
    # bins' errors 1, 3 and 5, 1: means 2 and 3; a row of weight w moves its bin's mean by (error - mean) / 2, over two
    assert influence("balanced_mae", y_hat, y, np.array([0, 0, 1, 1])).tolist() == [-1.0, 1.0, 2.0, -2.0]


def test_copies_of_one_picture_say_no_more_than_one():
    rows = influence("mae", Y_HAT, Y)
    once = sampling_deviation(rows, np.arange(len(rows)))
    three = np.repeat(rows, 3)
    assert sampling_deviation(three, np.repeat(np.arange(len(rows)), 3)) == pytest.approx(once)
    assert sampling_deviation(three, np.arange(len(three))) == pytest.approx(once / np.sqrt(3), rel=0.01)


def test_rows_are_grouped_over_all_that_they_share():
    shared = {"person": np.array(["a", "b", "a", "c", "d"]), "place": np.array([1, 2, 3, 2, 4])}
    assert row_groups(5, shared).tolist() == [0, 1, 0, 1, 2]
    assert row_groups(3, {}).tolist() == [0, 1, 2]


def test_metrics_without_an_influence_say_so():
    assert influence("gmean_error", Y_HAT, Y) is None
    assert influence("kendall", Y_HAT, Y) is None
    assert influence("sera", Y_HAT, Y) is None
    assert influence("lg10", -Y_HAT, Y) is None


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2", "pearson", "spearman", "delta1", "angular", "sera"])
def test_seeds_side_by_side_are_as_seeds_alone(metric):
    y, y_hat = np.hstack([Y, Y]), RNG.normal(5.0, 1.0, (3, len(Y), 2))
    given = RNG.rand(*y.shape) if metric == "sera" else None
    alone = [influence(metric, one, y, given) for one in y_hat]
    np.testing.assert_allclose(influence(metric, y_hat, y, given), alone, rtol=1e-9, atol=1e-12)
