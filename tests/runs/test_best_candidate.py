"""Which candidate a search chooses."""

import pytest

from bench import plugins
from bench.runs.search import Tried, best


def tried(*values, dataset="circle"):
    return [Tried(dataset, "oe", {"weight": i}, value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "chosen"),
    [((3.0, 1.0, 2.0), 1), ((2.0, 1.0, 1.0), 1), ((None, 5.0, None), 1), ((None, 7.0, 6.0), 2)],
)
def test_the_lowest_error_is_chosen_and_of_equals_the_first(values, chosen):
    (one,) = best(tried(*values))
    assert one.setting == {"weight": chosen}


def test_nothing_is_chosen_where_every_candidate_failed():
    assert best(tried(None, None)) == []


def test_a_metric_that_is_better_high_chooses_the_highest(monkeypatch):
    monkeypatch.setattr(plugins.load("dataset", "circle"), "metrics", ("r2", "mse"))
    (one,) = best(tried(0.1, 0.9, None, 0.5))
    assert one.setting == {"weight": 1}


def test_each_dataset_has_a_choice_of_its_own():
    found = best(tried(1.0, 2.0) + tried(2.0, 1.0, dataset="torus"))
    assert {one.dataset: one.setting["weight"] for one in found} == {"circle": 0, "torus": 1}
