from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError
from bench.shots import regions, tertiles

LABELS = st.lists(st.integers(0, 12), min_size=1, max_size=40)


def slow_regions(train, labels, many, few, zero):
    seen = Counter(train)
    name = lambda n: "zero" if zero and n == 0 else "many" if n > many else "few" if n < few else "medium"  # noqa: E731
    return [name(seen[label]) for label in labels]


@given(LABELS, LABELS, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_regions_equal_counting_label_by_label(train, labels, a, b, zero):
    few, many = sorted((a, b))
    found = regions(train, labels, many=many, few=few, zero=zero)
    assert found.tolist() == slow_regions(train, labels, many, few, zero)


def test_both_thresholds_are_medium():
    train = np.repeat([1, 2, 3, 4], [101, 100, 20, 19])
    assert regions(train, [1, 2, 3, 4]).tolist() == ["many", "medium", "medium", "few"]


def test_unseen_labels_are_few_as_the_papers_count_or_zero_on_request():
    assert regions([3.0] * 200, [2.0, 3.0, 4.0]).tolist() == ["few", "many", "few"]
    assert regions([3.0] * 200, [2.0, 3.0, 4.0], zero=True).tolist() == ["zero", "many", "zero"]


def test_an_empty_training_split_has_seen_nothing():
    assert regions([], [1.0], zero=True).tolist() == ["zero"]


@pytest.mark.parametrize("kind", [list, np.array, lambda v: torch.tensor(v).bfloat16(), torch.tensor])
def test_regions_take_lists_arrays_and_tensors(kind):
    assert regions(kind([7.0] * 30), kind([7.0, 8.0])).tolist() == ["medium", "few"]


def test_regions_keep_the_shape_of_the_labels():
    assert regions(np.ones((30, 1)), np.array([[1.0], [2.0]])).tolist() == [["medium"], ["few"]]


def test_agedb_regions_have_the_published_sizes(golden):
    case = golden("metrics-agedb")
    found = regions(case["in_train_labels"], case["in_labels"])
    assert Counter(found.tolist()) == {"many": 1530, "medium": 448, "few": 162}


def test_tertiles_split_distinct_counts_in_thirds():
    train = np.repeat(np.arange(9), [90, 80, 70, 60, 50, 40, 30, 20, 10])
    many, few = tertiles(train)
    assert (many, few) == (60, 30)
    found = regions(train, np.arange(9), many=many, few=few)
    assert found.tolist() == ["many"] * 3 + ["medium"] * 4 + ["few"] * 2


@pytest.mark.parametrize("train", [[1], [1, 1, 2], torch.tensor([[1.0], [1.0], [2.0]])])
def test_fewer_than_three_labels_are_all_medium(train):
    many, few = tertiles(train)
    assert set(regions(train, train, many=many, few=few).ravel()) == {"medium"}


def test_tertiles_of_nothing_are_refused():
    with pytest.raises(BenchError, match="at least one"):
        tertiles([])
