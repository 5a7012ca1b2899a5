"""The time left: from what a cell has done of itself, from rows like it, and what one worker must finish."""

import pytest

from bench.runs import time_left
from bench.runs.plan import Cell
from bench.runs.time_left import TimeLeft


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time_left, "monotonic", lambda: now[0])
    return now


def cells(*rows):
    return [Cell(dataset, method, seed, {}, "", f"{dataset}{method}{seed}") for dataset, method, seed in rows]


def test_a_running_cell_tells_before_any_has_ended(clock):
    given = cells(("a", "x", 0), ("a", "x", 1), ("a", "y", 0))
    left = TimeLeft(given, jobs=1)
    assert left.seconds() is None
    left.started(given[0])
    assert left.seconds() is None
    clock[0] = 2.0
    left.reached(given[0], 0.25)
    assert left.seconds() == pytest.approx(6 + 8 + 8)


def test_it_goes_down_while_a_cell_runs(clock):
    given = cells(("a", "x", 0))
    left = TimeLeft(given, jobs=2)
    left.started(given[0])
    seen = []
    for second in range(1, 11):
        clock[0] = second
        left.reached(given[0], second / 10)
        seen.append(left.seconds())
    assert seen == pytest.approx(list(range(9, -1, -1)))


def test_a_row_is_known_by_itself_then_by_its_dataset_then_by_all(clock):
    given = cells(("a", "x", 1), ("a", "y", 0), ("b", "x", 0))
    left = TimeLeft(given, jobs=1)
    left.ended(cells(("a", "x", 0))[0], 10.0)
    left.ended(cells(("a", "z", 0))[0], 30.0)
    assert left.seconds() == pytest.approx(10 + 20 + 20)
    left.ended(cells(("b", "x", 1))[0], 100.0)
    assert left.seconds() == pytest.approx(10 + 20 + 100)


def test_several_workers_share_but_none_is_done_before_its_own_cell(clock):
    given = cells(("a", "x", 0), ("a", "y", 0))
    left = TimeLeft(given, jobs=2)
    left.ended(cells(("a", "x", 1))[0], 100.0)
    left.ended(cells(("a", "y", 1))[0], 10.0)
    for cell in given:
        left.started(cell)
    assert left.seconds() == pytest.approx(100)


def test_a_failed_cell_says_nothing_of_others(clock):
    given = cells(("a", "x", 0), ("a", "x", 1))
    left = TimeLeft(given, jobs=1)
    left.started(given[0])
    left.ended(given[0], None)
    assert left.seconds() is None


def test_seeds_side_by_side_share_the_time_of_their_process(clock):
    given = cells(*(("a", "x", seed) for seed in range(20)))
    left = TimeLeft(given, jobs=2)
    for cell in given[:10]:  # two processes of five seeds
        left.started(cell)
    clock[0] = 10.0
    for cell in given[:10]:
        left.reached(cell, 0.25)
    assert left.seconds() == pytest.approx(30 + 40)
    clock[0] = 40.0
    for cell in given[:10]:
        left.ended(cell, 40 / 5)  # as its record says
    assert left.seconds() == pytest.approx(40)


def test_seeds_of_a_process_that_go_one_by_one_have_their_time_before_them(clock):
    given = cells(*(("a", "x", seed) for seed in range(6)))
    left = TimeLeft(given, jobs=1)
    for cell in given[:3]:
        left.started(cell)
    clock[0] = 5.0
    left.reached(given[0], 0.5)
    assert left.seconds() == pytest.approx(5 + 2 * 10 + 3 * 10)
    clock[0] = 10.0
    left.ended(given[0], 10.0)
    clock[0] = 11.0
    left.reached(given[1], 0.1)
    assert left.seconds() == pytest.approx(9 + 10 + 3 * 10)


def test_training_says_which_share_is_done():
    from pathlib import Path

    import torch

    from bench.plugins import resolve
    from bench.training.loop import Training

    for name in ("baseline", "rnc"):  # of one stage and of two
        on = resolve.dataset("concrete[rows=synthetic]", {"protocol.epochs": 4})
        told = []
        method = resolve.method(name, on).build_method()
        splits = on.dataset.load(Path())
        Training(
            on.dataset, on.protocol, splits, method, 0, torch.device("cpu"), told.append, {"protocol.epochs": 4}
        ).fit()
        shares = [one["share"] for one in told]
        assert shares == sorted(shares)
        assert shares[-1] == pytest.approx(1, abs=0.02)
