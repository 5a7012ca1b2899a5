import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.metrics import (
    METRICS,
    angular,
    balanced_mae,
    balanced_mse,
    delta1,
    gmean_error,
    kendall,
    mae,
    mse,
    pearson,
    r2,
    rmse,
    sera,
    spearman,
)
from bench.relevance import relevance
from bench.shots import regions

FUNCTIONS = {name: metric.function for name, metric in METRICS.items() if name != "angular"}  # which takes pairs
CORRELATIONS = [pearson, spearman, kendall]
RNG = np.random.default_rng(0)
Y = RNG.normal(5, 2, 200)
Y_HAT = Y + RNG.normal(0, 1, 200)

NUMBERS = st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=30).map(lambda pairs: np.array(pairs).T)


@pytest.mark.parametrize("name", ["metrics-agedb", "metrics-agedb-unseen"])
@pytest.mark.parametrize("region", ["overall", "many", "medium", "few"])
def test_region_metrics_are_those_of_the_published_code(golden, name, region):
    case = golden(name)
    labels, predictions = case["in_labels"], case["in_preds"]
    found = regions(case["in_train_labels"], labels)
    rows = np.full(len(labels), True) if region == "overall" else found == region
    case.check(mae(predictions[rows], labels[rows]), f"out_{region}_mae")
    case.check(mse(predictions[rows], labels[rows]), f"out_{region}_mse")
    case.check(gmean_error(predictions[rows], labels[rows]), f"out_{region}_gm")
    if region != "overall":
        assert rows.sum() == case[f"out_{region}_n"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (mae, sklearn.metrics.mean_absolute_error),
        (mse, sklearn.metrics.mean_squared_error),
        (rmse, sklearn.metrics.root_mean_squared_error),
        (r2, sklearn.metrics.r2_score),
        (gmean_error, lambda y, y_hat: scipy.stats.gmean(np.abs(y - y_hat))),
        (pearson, lambda y, y_hat: scipy.stats.pearsonr(y, y_hat).statistic),
        (spearman, lambda y, y_hat: scipy.stats.spearmanr(y, y_hat).statistic),
        (kendall, lambda y, y_hat: scipy.stats.kendalltau(y, y_hat).statistic),
    ],
)
@pytest.mark.parametrize("ties", [False, True])
def test_metrics_agree_with_another_library(ours, theirs, ties):
    y_hat, y = (Y_HAT.round() + 0.25, Y.round()) if ties else (Y_HAT, Y)
    assert ours(y_hat, y) == pytest.approx(theirs(y, y_hat), rel=1e-10)


def test_several_targets_count_alike():
    y_hat, y = Y_HAT.reshape(50, 4), Y.reshape(50, 4)
    for function in (mae, mse, rmse, gmean_error, pearson, spearman, kendall, delta1):
        assert function(y_hat, y) == pytest.approx(function(Y_HAT, Y), rel=1e-12)
    expected = sklearn.metrics.r2_score(y, y_hat, multioutput="variance_weighted")
    assert r2(y_hat, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "kind",
    [
        list,
        lambda values: values[:, None],
        lambda values: torch.tensor(values, requires_grad=True),
        lambda values: torch.tensor(values)[:, None],
    ],
)
def test_metrics_take_lists_columns_and_tensors(name, kind):
    np.testing.assert_equal(FUNCTIONS[name](kind(Y_HAT), Y), FUNCTIONS[name](Y_HAT, Y))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_metrics_of_low_precision_tensors_are_computed_in_float64(name, dtype):
    y_hat, y = (torch.tensor(values).to(dtype) for values in (Y_HAT, Y))
    np.testing.assert_equal(FUNCTIONS[name](y_hat, y), FUNCTIONS[name](y_hat.double().numpy(), y.double().numpy()))


def test_metrics_do_not_import_torch():
    code = "import sys, bench.metrics, bench.shots; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_entries_give_nan(name):
    assert np.isnan(FUNCTIONS[name]([], []))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_nan_prediction_is_never_a_good_one(name):
    value = FUNCTIONS[name]([1.0, np.nan, 3.0], [1.0, 2.0, 3.0])
    assert value == pytest.approx(2 / 3) if name.startswith("delta") else np.isnan(value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_predictions_of_another_shape_are_refused(name):
    with pytest.raises(BenchError, match=r"\(3,\) do not fit labels of shape \(2,\)"):
        FUNCTIONS[name]([1.0, 2.0, 3.0], [1.0, 2.0])


@pytest.mark.parametrize("function", CORRELATIONS)
def test_correlation_is_zero_for_one_sample_and_nan_for_constants(function):
    assert function([2.0], [1.0]) == 0
    assert np.isnan(function(np.full(10, 0.1), np.arange(10)))
    assert np.isnan(function(np.arange(10), np.full(10, 0.1)))


@pytest.mark.parametrize("function", CORRELATIONS)
def test_correlation_is_one_in_order_and_minus_one_in_reverse(function):
    assert function(2 * Y + 1, Y) == pytest.approx(1)
    assert function(-Y, Y) == pytest.approx(-1)


def test_geometric_mean_with_an_exact_hit_is_zero():
    assert gmean_error([1.0, 2.0, 1e300], [1.0, 3.0, 0.0]) == 0


def test_r2_is_one_for_exact_zero_for_the_mean_and_nan_without_variance():
    assert r2(Y, Y) == 1
    assert r2(np.full(200, Y.mean()), Y) == pytest.approx(0, abs=1e-12)
    assert np.isnan(r2([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]))


def test_delta1_includes_its_bound_and_wants_the_same_sign():
    assert delta1([1.25, 0.8, 1.26, 0.79], [1, 1, 1, 1]) == 0.5
    assert delta1([-1.0, 0.0, 1.0, 0.0, -2.0], [1.0, 1.0, 0.0, 0.0, -2.0]) == 0.2


@given(PAIRS)
def test_geometric_mean_is_at_most_mean_is_at_most_root_mean_square(pair):
    y_hat, y = pair
    assert gmean_error(y_hat, y) <= mae(y_hat, y) * (1 + 1e-9)
    assert mae(y_hat, y) <= rmse(y_hat, y) * (1 + 1e-9) + 1e-150  # squares of tiny errors are 0


@given(PAIRS)
def test_rank_correlation_does_not_change_under_a_monotone_map(pair):
    y_hat, y = pair
    # ranks carry all that such a map keeps
    ranks = scipy.stats.rankdata(y_hat, method="dense") ** 3
    for function in (spearman, kendall):
        assert function(y_hat, y) == pytest.approx(function(ranks, y), rel=1e-9, abs=1e-12, nan_ok=True)


@given(PAIRS)
def test_correlation_stays_within_its_bounds(pair):
    for function in CORRELATIONS:
        value = function(*pair)
        assert np.isnan(value) or -1 <= value <= 1


def test_errors_are_better_low_and_the_rest_better_high():
    assert {name for name, metric in METRICS.items() if not metric.higher_is_better} == {
        "mae", "mse", "rmse", "gmean_error", "abs_rel", "lg10", "angular", "balanced_mae", "balanced_mse",
        "sera",
    }  # fmt: skip
    assert {name for name, metric in METRICS.items() if metric.unit == "unit²"} == {"mse", "balanced_mse", "sera"}
    assert {name for name, metric in METRICS.items() if metric.unit == ""} == {
        "r2", "pearson", "spearman", "kendall", "delta1", "delta2", "delta3", "abs_rel", "lg10",
    }  # fmt: skip


def test_the_angular_error_is_that_of_unit_vectors():
    from scipy.spatial.transform import Rotation

    y, y_hat = RNG.uniform(-80, 80, (50, 2)), RNG.uniform(-80, 80, (50, 2))
    # the z axis turned by yaw and lifted by pitch
    ahead = [
        Rotation.from_euler("YX", np.stack([yaw, -pitch]).T, degrees=True).apply([0, 0, 1])
        for pitch, yaw in (y.T, y_hat.T)
    ]
    expected = np.degrees(np.arccos((ahead[0] * ahead[1]).sum(1))).mean()
    assert angular(y_hat, y) == pytest.approx(expected, rel=1e-10)
    assert angular(torch.tensor(y_hat), y.tolist()) == pytest.approx(expected, rel=1e-10)
    assert angular([[3, 1e-6]], [[3, 0]]) == pytest.approx(1e-6 * np.cos(np.radians(3)), rel=1e-6)
    assert angular(y, y) == 0
    assert np.isnan(angular(np.zeros((0, 2)), np.zeros((0, 2))))
    with pytest.raises(BenchError, match=r"no pitch and yaw; give \(N, 2\)"):
        angular([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])


def test_balanced_errors_are_means_over_bins_that_have_labels():
    y_hat, y, bins = [1.0, 2.0, 5.0, 0.0], [1.0, 3.0, 3.0, 4.0], [0, 0, 7, 7]
    assert balanced_mae(y_hat, y, bins) == pytest.approx(((0 + 1) / 2 + (2 + 4) / 2) / 2)
    assert balanced_mse(y_hat, y, bins) == pytest.approx(((0 + 1) / 2 + (4 + 16) / 2) / 2)
    # without bins every distinct label is one: 1, 3 and 4
    assert balanced_mae(y_hat, y) == pytest.approx((0 + (1 + 2) / 2 + 4) / 3)


def test_balanced_mae_is_mae_where_bins_have_equally_many_labels():
    assert balanced_mae(Y_HAT, Y, np.arange(200) % 4) == pytest.approx(mae(Y_HAT, Y), rel=1e-12)


def test_sera_is_the_area_under_the_squared_error_of_what_is_relevant():
    # IRon's loop over thresholds, written out
    relevances, thresholds = RNG.uniform(0, 1, 200).round(2), np.arange(1001) / 1000
    errors = np.array([((Y_HAT - Y) ** 2)[relevances >= t].sum() for t in thresholds])
    expected = (0.001 * (errors[1:] + errors[:-1]) / 2).sum()
    assert sera(Y_HAT, Y, relevances) == pytest.approx(expected, rel=1e-12)
    assert sera(Y_HAT, Y, np.ones(200)) == pytest.approx(((Y_HAT - Y) ** 2).sum(), rel=1e-12)
    # of labels without relevance the first trapezoid alone counts
    assert sera([3.0], [1.0], [0.0]) == pytest.approx(4 * 0.0005)


def test_sera_without_relevance_takes_it_from_the_labels_as_iron_does():
    assert sera(Y_HAT, Y) == pytest.approx(sera(Y_HAT, Y, relevance(Y, Y)), rel=1e-12)


@pytest.mark.parametrize("function", [balanced_mae, balanced_mse, sera])
def test_a_third_argument_of_another_shape_is_refused(function):
    name = "relevance" if function is sera else "bins"
    with pytest.raises(BenchError, match=rf"{name} of shape \(2,\) does not fit labels of shape \(3,\)"):
        function([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0, 1])
