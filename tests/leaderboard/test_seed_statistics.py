"""Means and sample deviations over seeds, and the order of rows."""

import math

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.statistics import SeedStatistic
from bench.metrics import METRICS
from support.board_records import FACES, record


def test_the_deviation_is_of_a_sample():
    # mean 4; squares 9 + 1 + 16 over n - 1 = 2, and over 3 for a whole population
    found = SeedStatistic.of([1.0, 3.0, 8.0])
    assert (found.n, found.mean, found.sd) == (3, 4.0, pytest.approx(math.sqrt(13)))


def test_null_and_nan_are_in_no_mean():
    assert SeedStatistic.of([1.0, None, 3.0, math.nan]) == SeedStatistic(2, 2.0, pytest.approx(math.sqrt(2)))
    assert SeedStatistic.of([5.0, None]) == SeedStatistic(1, 5.0, None)
    assert SeedStatistic.of([None, math.nan]) == SeedStatistic(0, None, None)


@pytest.mark.parametrize(("metric", "best_first"), [("mae", [1.0, 2.0, None]), ("r2", [2.0, 1.0, None])])
def test_values_are_sorted_best_first_and_none_comes_last(metric, best_first):
    assert sorted([None, *best_first[:2]], key=METRICS[metric].sort_key) == best_first
    assert sorted([*best_first[1::-1], None], key=METRICS[metric].sort_key) == best_first


def test_statistics_are_of_the_test_split_and_of_finished_seeds():
    records = [record("oe", seed, value) for seed, value in enumerate((1.0, 3.0, 50.0))]
    val = records[0].model_copy(update={"metrics": {**records[0].metrics, "val": {"all": {"mae": 99.0, "n": 5}}}})
    board = Board(FACES, [val, *records[1:], record("oe", 3, status="oom")], frozenset({"faces/oe/2"}))
    assert board.statistics["oe"]["mae", "all"] == SeedStatistic(2, 2.0, pytest.approx(math.sqrt(2)))


def test_a_row_without_a_value_stands_last():
    records = [record("baseline", 0, None), record("oe", 0, 5.0), record("srl", 0, 4.0)]
    assert list(Board(FACES, records).statistics) == ["srl", "oe", "baseline"]
