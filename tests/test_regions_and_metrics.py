"""Regions, bins and metrics at their edges, against values worked out by hand."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.dataset import Bins, Split, Splits
from bench.functional.losses import task_loss
from bench.metrics import METRICS, balanced_mae, balanced_mse, sera
from bench.plugins import resolve
from bench.relevance import relevance
from bench.shots import regions, tertiles
from bench.testing.toy import Toy
from bench.training import evaluate

# errors -1, +2, 0, -4 of labels 2, 4, 8, 16: over and under, one exact, none symmetric in y_hat and y
Y_HAT, Y = [1.0, 6.0, 8.0, 12.0], [2.0, 4.0, 8.0, 16.0]
SHIFTED = [1.5, 6.0, 9.0, 12.0]  # no exact hit: errors -0.5, 2, 1, -4


@pytest.mark.parametrize(
    ("name", "y_hat", "y", "value"),
    [
        ("mae", Y_HAT, Y, 7 / 4),
        ("mse", Y_HAT, Y, 21 / 4),
        ("rmse", Y_HAT, Y, math.sqrt(21 / 4)),
        ("gmean_error", SHIFTED, Y, math.sqrt(2)),  # (0.5 · 2 · 1 · 4) to the power 1/4
        ("gmean_error", Y_HAT, Y, 0.0),
        # mean of y 7.5; SST = 30.25 + 12.25 + 0.25 + 72.25 = 115; with the two exchanged SST = 62.75
        ("r2", Y_HAT, Y, 1 - 21 / 115),
        ("r2", Y, Y_HAT, 1 - 21 / 62.75),
        ("r2", [5.0, 5.0], [1.0, 3.0], 1 - 20 / 2),  # worse than the mean
        # deviations -5.75 -0.75 1.25 5.25 against -5.5 -3.5 0.5 8.5: sum of products 79.5
        ("pearson", Y_HAT, Y, 79.5 / math.sqrt(62.75 * 115)),
        ("pearson", [3.0, 1.0], [1.0, 3.0], -1.0),
        # ranks 2 1 3 4 against 1 2 3 4: 1 - 6 · 2 / (4 · 15)
        ("spearman", [4.0, 1.0, 5.0, 9.0], Y, 0.8),
        # tied ranks 1.5 1.5 3 4 against 1 2 3 4: 4.5 / √(4.5 · 5)
        ("spearman", [1.0, 1.0, 5.0, 9.0], Y, 4.5 / math.sqrt(22.5)),
        # five pairs in order, one not, of six
        ("kendall", [4.0, 1.0, 5.0, 9.0], Y, 4 / 6),
        # two pairs in order, one tied on one side: 2 / √(2 · 3)
        ("kendall", [1.0, 1.0, 7.0], [1.0, 2.0, 3.0], 2 / math.sqrt(6)),
        ("delta1", [1.25, 0.8, 1.2500001, 0.7999999], [1.0] * 4, 0.5),
        ("delta1", [5.0, 4.0, 5.1], [4.0, 5.0, 4.0], 2 / 3),
        ("delta1", [-1.0, 1.0, -1.0, 0.0], [1.0, 1.0, -1.0, 1.0], 0.5),  # another sign is never near
        ("delta2", [1.5625, 0.64, 1.5626, 0.6399], [1.0] * 4, 0.5),
        ("delta3", [1.953125, 0.512, 1.9532, 0.5119], [1.0] * 4, 0.5),
        # relative to the label: 1/2, 2/4, 0, 4/16
        ("abs_rel", Y_HAT, Y, 1.25 / 4),
        ("abs_rel", Y, Y_HAT, (1 + 1 / 3 + 1 / 3) / 4),
        ("lg10", [10.0, 1.0, 1.0], [1.0, 100.0, 1.0], 1.0),
    ],
)
def test_each_metric_has_the_value_worked_out_by_hand(name, y_hat, y, value):
    assert METRICS[name].function(y_hat, y) == pytest.approx(value, rel=1e-12)


def test_each_metric_stands_under_its_own_name():
    assert list(METRICS) == [metric.function.__name__ for metric in METRICS.values()]


@pytest.mark.parametrize("name", METRICS)
def test_a_better_prediction_is_better_in_the_direction_of_the_metric(name):
    true = np.reshape(Y, (-1, 2)) if name == "angular" else np.asarray(Y)  # pitch and yaw
    signs = np.where(np.arange(true.size) % 2, -1, 1).reshape(true.shape)
    better, worse = (METRICS[name].function(true + part * signs * true, true) for part in (0.05, 0.96))
    assert better > worse if METRICS[name].higher_is_better else better < worse


@pytest.mark.parametrize("name", ["pearson", "spearman", "kendall", "r2"])
@pytest.mark.parametrize("rows", [2, 3, 7, 10])
def test_labels_that_are_all_equal_have_no_correlation_whatever_their_mean_rounds_to(name, rows):
    assert math.isnan(METRICS[name].function(np.arange(rows), [0.1] * rows))


def test_r2_of_several_targets_takes_each_about_its_own_mean():
    y, y_hat = [[0.0, 100.0], [2.0, 104.0]], [[1.0, 100.0], [2.0, 102.0]]
    assert METRICS["r2"].function(y_hat, y) == pytest.approx(1 - (1 + 4) / (2 + 8))


def test_a_label_is_many_above_the_upper_threshold_and_few_below_the_lower_one():
    train = np.repeat([0, 1, 2, 3, 4, 5], [6, 5, 4, 3, 2, 1])
    found = regions(train, np.arange(7), many=4, few=3)
    assert found.tolist() == ["many", "many", "medium", "medium", "few", "few", "few"]
    assert regions(train, [5, 6, -1, 2.5], many=4, few=3, zero=True).tolist() == ["few", "zero", "zero", "zero"]


def test_the_published_thresholds_are_above_100_and_below_20():
    train = np.repeat([0, 1, 2, 3], [101, 100, 20, 19])
    assert regions(train, [0, 1, 2, 3, 4]).tolist() == ["many", "medium", "medium", "few", "few"]


def test_regions_count_training_labels_and_not_those_that_are_asked_for():
    assert regions([1] * 5, [1, 2, 2, 2, 2, 2], many=3, few=2).tolist() == ["many"] + ["few"] * 5
    assert regions([2] * 5, [1], many=3, few=2, zero=True).tolist() == ["zero"]


@pytest.mark.parametrize(
    ("counts", "thresholds"),
    [
        ([50, 1, 40, 10, 30, 20], (30, 10)),  # sorted 50 40 30 20 10 1: places 2 and 2 from the end
        ([7, 6, 5, 4, 3, 2, 1], (5, 2)),  # seven: places 2 and 2 from the end
        ([8, 7, 6, 5, 4, 3, 2, 1], (6, 2)),
        ([9, 5, 2], (5, 2)),
        ([9, 5], (9, 5)),
        ([9], (9, 9)),
    ],
)
def test_tertiles_are_counts_a_third_from_either_end(counts, thresholds):
    assert tertiles(np.repeat(np.arange(len(counts)), counts)) == thresholds


def test_a_bin_holds_its_lower_edge_and_not_its_upper_one():
    bins = Bins(10.0, 2.0, 4)  # 10 to 12 to 14 to 16 to 18
    labels = torch.tensor([10.0, 11.999, 12.0, 13.999, 14.0, 15.999, 16.0, 17.999])
    assert bins.index(labels).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_labels_outside_all_bins_are_in_the_nearest_one():
    bins = Bins(10.0, 2.0, 4)
    assert bins.index(torch.tensor([-5.0, 9.9, 18.0, 99.0])).tolist() == [0, 0, 3, 3]
    first = replace(bins, first=2)
    assert first.index(torch.tensor([-5.0, 11.0, 13.0, 15.0, 17.0, 99.0])).tolist() == [2, 2, 2, 2, 3, 3]


def test_bins_keep_the_shape_of_the_labels_and_are_int64():
    index = Bins(0.0, 1.0, 3).index(torch.tensor([[0.5, 2.5], [1.5, 1.0]]))
    assert index.tolist() == [[0, 2], [1, 1]]
    assert index.dtype == torch.int64


@pytest.mark.parametrize(
    ("kind", "beta", "each"),
    [
        ("l1", 1.0, [0.5, 3.0]),
        ("mse", 1.0, [0.25, 9.0]),
        ("huber", 1.0, [0.125, 2.5]),
        ("huber", 2.0, [0.0625, 2.0]),
        ("huber", 0.25, [0.375, 2.875]),
    ],
)
def test_task_losses_by_hand_with_and_without_weights(kind, beta, each):
    y_hat, y = torch.tensor([[1.5], [0.0]]), torch.tensor([[1.0], [3.0]])
    assert task_loss(y_hat, y, None, kind, beta).item() == pytest.approx(sum(each) / 2)
    # a weight multiplies its row; the mean is over rows, not over weights
    w = torch.tensor([[4.0], [0.5]])
    assert task_loss(y_hat, y, w, kind, beta).item() == pytest.approx((4 * each[0] + each[1] / 2) / 2)


def test_a_weight_multiplies_every_target_of_its_row():
    y_hat, y = torch.tensor([[1.0, 2.0], [3.0, 5.0]]), torch.zeros(2, 2)
    assert task_loss(y_hat, y, torch.tensor([[2.0], [0.0]]), "l1").item() == pytest.approx((2 + 4) / 4)


class Shots(Toy):
    """Labels 1, seen often, 2, seen twice, 3, seen once, and 4, never seen; test labels have other counts."""

    metrics = ("mae", "pearson")
    zero = True

    def load(self, root):
        def split(*labels):
            column = torch.tensor(labels)[:, None]
            return Split(torch.zeros(len(labels), 6), column)

        train = split(1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0)
        return Splits(train, split(1.0, 2.0), split(1.0, 3.0, 3.0, 3.0, 4.0, 3.0))

    def regions(self, train_labels, labels):
        return regions(train_labels, labels.ravel(), many=3, few=2, zero=self.zero)


def scored(dataset, name, *y_hat):
    return evaluate.metrics(dataset, dataset.load(Path()), name, torch.tensor(y_hat)[:, None])


def test_each_region_is_scored_on_its_own_rows_and_says_how_many():
    found = scored(Shots(), "test", 1.5, 4.0, 5.0, 7.0, 0.0, 3.0)
    assert list(found) == ["all", "many", "medium", "few", "zero"]
    assert {region: (values["mae"], values["n"]) for region, values in found.items()} == {
        "all": (pytest.approx(11.5 / 6), 6),
        "many": (0.5, 1),
        "medium": (None, 0),
        "few": (pytest.approx(7 / 4), 4),
        "zero": (4.0, 1),
    }


def test_an_undefined_metric_is_null_and_its_region_keeps_its_rows():
    found = scored(Shots(), "test", 1.5, 4.0, 5.0, 7.0, 0.0, 3.0)
    assert found["few"]["pearson"] is None  # all its labels are equal
    assert found["medium"] == {"mae": None, "pearson": None, "n": 0}
    assert found["all"]["pearson"] is not None


def test_labels_never_seen_are_few_where_the_dataset_does_not_tell_them_apart():
    dataset = Shots()
    dataset.zero = False
    found = scored(dataset, "test", 1.5, 4.0, 5.0, 7.0, 0.0, 3.0)
    assert list(found) == ["all", "many", "medium", "few"]
    assert found["few"]["n"] == 5


def test_a_region_zero_without_a_label_is_left_out():
    assert list(scored(Shots(), "val", 1.0, 2.0)) == ["all", "many", "medium", "few"]


def test_predictions_stand_first_and_labels_second_in_every_metric():
    dataset = Shots()
    dataset.metrics = ("r2", "abs_rel")
    found = scored(dataset, "val", 1.0, 4.0)["all"]  # labels 1 and 2
    assert found["r2"] == pytest.approx(1 - 4 / 0.5)
    assert found["abs_rel"] == pytest.approx((0 + 2 / 2) / 2)


def test_each_split_is_scored_on_its_own_labels():
    found = scored(Shots(), "val", 2.0, 5.0)
    assert (found["all"]["mae"], found["all"]["n"]) == (2.0, 2)
    assert (found["many"]["mae"], found["medium"]["mae"]) == (1.0, 3.0)


def test_regions_follow_the_reference_rows_where_a_dataset_names_them():
    dataset = Shots()
    splits = dataset.load(Path())
    splits.reference_rows = torch.tensor([4, 5])  # two labels 2
    found = evaluate.metrics(dataset, splits, "val", torch.tensor([[1.0], [2.0]]))
    assert {region: values["n"] for region, values in found.items()} == {
        "all": 2, "many": 0, "medium": 1, "few": 0, "zero": 1,
    }  # fmt: skip


def test_a_dataset_without_regions_is_scored_as_a_whole():
    assert list(evaluate.metrics(Toy(), Toy().load(Path()), "test", torch.zeros(16, 1))) == ["all"]


def test_tables_count_the_floors_of_labels_and_take_thirds_of_them():
    dataset = resolve.dataset("airfoil").dataset
    train = np.repeat([1.2, 1.9, 2.5, 3.5], [3, 3, 2, 1])[:, None]  # floors 1, 2, 3 six, two and one times
    found = dataset.regions(train, np.array([[1.7], [2.0], [3.99], [4.0]]))
    assert found.tolist() == ["many", "medium", "medium", "few"]


class Weighed(Shots):
    """Metrics that weigh all labels against each other."""

    metrics = ("mae", "balanced_mae", "balanced_mse", "sera")
    bins = Bins(0.0, 2.0, 3)


def test_metrics_that_weigh_labels_against_each_other_are_of_all_rows_by_the_datasets_bins_and_training_labels():
    dataset = Weighed()
    splits = dataset.load(Path())
    labels = splits.test.labels
    y_hat = labels + torch.arange(1.0, len(labels) + 1)[:, None]
    found = evaluate.metrics(dataset, splits, "test", y_hat)
    bins, seen = dataset.bins.index(labels), splits.train.labels
    assert found["all"]["balanced_mae"] == pytest.approx(balanced_mae(y_hat, labels, bins))
    assert found["all"]["balanced_mse"] == pytest.approx(balanced_mse(y_hat, labels, bins))
    assert found["all"]["sera"] == pytest.approx(sera(y_hat, labels, relevance(seen.numpy(), labels.numpy())))
    assert found["all"]["sera"] != pytest.approx(sera(y_hat, labels))  # not by the labels of the test split
    assert {tuple(values) for region, values in found.items() if region != "all"} == {("mae", "n")}
    assert evaluate.undefined(dataset, splits, y_hat, found) is None


def test_an_epoch_can_be_chosen_by_a_balanced_metric():
    dataset = Weighed()
    splits = dataset.load(Path())
    y_hat = splits.val.labels + torch.tensor([[1.0], [3.0]])
    value = evaluate.value("balanced_mae", dataset, splits.train.labels, splits.val, y_hat)
    assert value == pytest.approx(balanced_mae(y_hat, splits.val.labels, dataset.bins.index(splits.val.labels)))
