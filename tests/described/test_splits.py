"""Splits of a described table: what each way promises, and bins and regions that its labels get."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.described import splitting, targets
from bench.described.description import SplitPart
from bench.errors import BenchError

LABELS = np.random.default_rng(0).lognormal(0, 1, 400)


def parts(way, column=None, labels=LABELS, **more):
    bins = targets.choose(labels).bins.index(torch.from_numpy(labels)).numpy()
    named = None if column is None else pd.Series(column, name="by")
    return splitting.split(
        labels, bins, named, SplitPart(way=way, column="by" if column is not None else "", **more), "own"
    )


@pytest.mark.parametrize("way", ["natural", "balanced"])
def test_no_row_is_in_two_splits_and_none_is_lost(way):
    assert sorted(np.concatenate(parts(way))) == list(range(len(LABELS)))


def test_a_natural_split_has_labels_alike():
    train, val, test = parts("natural")
    assert len(val) == len(test) == 80
    for rows in (val, test):
        assert abs(np.quantile(LABELS[rows], [0.2, 0.5, 0.8]) - np.quantile(LABELS[train], [0.2, 0.5, 0.8])).max() < 0.1


def test_a_balanced_split_tests_rare_labels_even_of_bins_under_three_rows():
    labels = np.concatenate([np.zeros(300), [10.0, 10.0, 20.0, 30.0]])
    _, val, test = parts("balanced", labels=labels, cap=20)
    assert (labels[test] > 0).sum() == 1
    assert (labels[val] > 0).sum() == 1
    assert (labels[test] == 0).sum() == 20


def test_the_latest_rows_test():
    days = pd.date_range("2020", periods=400).to_numpy()[::-1]
    train, val, test = parts("time", days)
    assert days[train].max() < days[val].min() <= days[val].max() < days[test].min()


def test_no_group_is_in_two_splits():
    groups = np.arange(400) // 7
    train, val, test = (set(groups[rows]) for rows in parts("groups", groups))
    assert len(train | val | test) == len(train) + len(val) + len(test)


def test_a_column_says_the_split_and_validation_comes_from_training_where_it_has_none():
    words = np.array(["Train"] * 300 + ["test"] * 100)
    train, val, test = parts("column", words)
    assert list(test) == list(range(300, 400))
    assert (len(train), len(val)) == (240, 60)


@pytest.mark.parametrize(
    ("way", "column", "message"),
    [
        ("groups", ["a", "b"] * 200, "has 2 groups"),
        ("column", ["train", "holdout"] * 200, "has 'holdout'; write train, val or test"),
        ("column", ["train"] * 400, "no rows test"),
        ("time", [None, "2020-01-01"] * 200, "has no time in 200 rows"),
    ],
)
def test_a_column_that_cannot_split_is_refused(way, column, message):
    with pytest.raises(BenchError, match=message):
        parts(way, column)


def test_small_bins_are_merged_so_that_each_group_has_three_rows():
    bins = np.array([0] * 5 + [1] + [2] + [3] * 2 + [9])
    counts = np.unique(splitting.merged(bins), return_counts=True)[1]
    assert counts.min() >= 3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_bins_follow_the_scale_of_the_labels(scale):
    bins = targets.choose(LABELS * scale).bins
    assert 5 <= bins.number <= 60
    assert bins.start <= np.quantile(LABELS, 0.01) * scale
    assert bins.start + bins.number * bins.width >= np.quantile(LABELS, 0.99) * scale
