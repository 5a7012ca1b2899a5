"""Seeds that count in no mean: failed, stale and missing ones."""

from dataclasses import replace

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.tables import coverage_table, main_table
from support.board_records import FACES, cells, record, three


@pytest.mark.parametrize("status", ["diverged", "oom", "timeout", "killed", "error"])
def test_failed_seeds_are_in_no_mean_and_in_the_coverage(status: str):
    records = [*three("baseline"), record("baseline", 3, status=status)]
    board, whole = Board(FACES, records), Board(FACES, three("baseline"))
    assert cells(main_table(board))["baseline"]["n"] == f"3, 1 {status}"
    assert (
        cells(main_table(board))["baseline"]["MAE all ↓ [years]"]
        == cells(main_table(whole))["baseline"]["MAE all ↓ [years]"]
    )
    line = cells(coverage_table(board))["baseline"]
    assert (line["ok"], line["missing seeds"], line["failed (seeds)"]) == ("3", "4–9", f"1 {status} (3)")


def test_stale_seeds_are_in_no_mean_and_in_the_coverage():
    records = three("baseline", (7.0, 8.0, 1000.0))
    board = Board(FACES, records, frozenset({"faces/baseline/2", "other/baseline/0"}))
    line = cells(main_table(board))["baseline"]
    assert (line["n"], line["MAE all ↓ [years]"]) == ("2", "7.50 ± 0.71")
    assert cells(coverage_table(board))["baseline"]["stale seeds"] == "2"


def test_coverage_names_missing_rows_and_refused_methods():
    lines = cells(coverage_table(Board(FACES, [record("oe", s, 1.0) for s in (0, 1, 2, 5)])))
    assert list(lines) == ["baseline", "oe", "srl", "infdrop"]
    assert lines["oe"]["missing seeds"] == "3–4, 6–9"
    assert (lines["srl"]["ok"], lines["srl"]["missing seeds"]) == ("0", "0–9")
    assert lines["infdrop"]["not defined here"] == "needs a plain network"


def test_only_methods_that_somebody_has_run_are_expected():
    spec = replace(FACES, methods=("baseline", "oe", "new"), refused={"rnc": "no", "newer": "no"})
    kept = spec.among({"baseline", "oe", "rnc"})
    assert (kept.methods, kept.refused) == (("baseline", "oe"), {"rnc": "no"})
