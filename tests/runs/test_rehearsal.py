"""What is found out before any cell trains."""

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells, rehearsal

FACES = "agedb[backbone=tiny,images=synthetic,rows=300,size=32]"  # 223 rows train
ROWS = {FACES: 223, "circle": 1000}


def cell(method, dataset=FACES, **changes):
    overrides = {f"protocol.{key}": value for key, value in changes.items()}
    on = resolve.dataset(dataset, overrides)
    return cells.make(on, resolve.method(method, on), 0, "", overrides)


@pytest.mark.parametrize(
    ("method", "changes", "alone"),
    [
        ("baseline", {"batch_size": 222}, [True]),
        ("baseline", {"batch_size": 222, "drop_last": True}, []),
        ("fds", {"batch_size": 222, "drop_last": True}, [True]),  # its statistics are of all rows
        ("baseline", {"batch_size": 221}, []),
        ("baseline", {"batch_size": 223}, []),
        ("baseline", {"batch_size": 221, "precision": "bf16"}, [False]),
        ("baseline", {"batch_size": 221, "compile": True}, [False]),
    ],
)
def test_only_what_is_in_doubt_is_tried(method, changes, alone):
    assert [one for _, one in rehearsal.doubtful([cell(method, **changes)] * 2, ROWS)] == alone


def test_a_last_batch_of_one_row_is_refused_where_the_network_has_batch_norm():
    with pytest.raises(
        BenchError, match=r"of 223 training rows in batches of 222 .* choose another .*batch_size=N, or"
    ):
        rehearsal.rehearse([cell("baseline", batch_size=222)], ROWS, Path(), "cpu")


def test_a_network_without_batch_norm_may_have_one():
    assert rehearsal._problem(cell("baseline", "circle", batch_size=3), True, ".", "cpu") is None


@pytest.mark.parametrize(
    ("change", "words"), [("precision", "cannot be trained in bf16"), ("compile", "cannot compile")]
)
def test_what_the_machine_does_not_have_is_told_in_one_sentence(change, words, monkeypatch):
    step = rehearsal._step

    def refuse(on, splits, protocol, device, rows):
        if protocol.precision == "bf16" or protocol.compile:
            raise RuntimeError("no such kernel\nand more")
        step(on, splits, protocol, device, rows)

    monkeypatch.setattr(rehearsal, "_step", refuse)
    given = cell("baseline", "circle", **{change: "bf16" if change == "precision" else True})
    problem = rehearsal._problem(given, False, ".", "cpu")
    assert words in problem
    assert "no such kernel)" in problem
