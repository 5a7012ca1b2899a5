"""What a page says first, and its one table."""

from dataclasses import replace

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.index import index_page
from bench.leaderboard.judged import pair
from bench.leaderboard.lead import caption, decision, lead_table, limits
from bench.leaderboard.pages import dataset_page
from bench.leaderboard.sampling import Sampling
from support.board_records import FACES, cells, record

WITH_REFERENCES = replace(FACES, metrics=("mae",), references=("linear", "constant"))


def row(method, mean, few=None):
    return [record(method, k, mean + 0.1 * (k % 4), few=few and few + 0.1 * (k % 3)) for k in range(10)]


def noisy(method, mean):
    return [record(method, k, mean + 0.3 * ((k * 7) % 5 - 2)) for k in range(10)]


def test_the_first_line_says_that_no_method_beats_the_baseline():
    board = Board(FACES, row("baseline", 7.0) + noisy("oe", 7.0) + noisy("srl", 9.0))
    assert decision(board).startswith("**No method beats the baseline.**")
    first = dataset_page(board).split("\n\n")[2]
    assert first == decision(board)
    assert "**no method beats the baseline**" in index_page([board])


def test_the_first_line_names_the_best_method_by_how_much_and_what_is_tied_with_it():
    board = Board(FACES, row("baseline", 7.0) + noisy("oe", 5.0) + row("srl", 4.9))
    said = decision(board)
    assert said.startswith("**Best: `oe`**, by 2.13 [")
    assert said.endswith("against the baseline. Tied with `srl`.")


def test_the_first_line_says_where_the_references_are_not_beaten():
    records = row("baseline", 7.0) + noisy("oe", 5.0)
    board = Board(WITH_REFERENCES, [*records, record("linear", 0, 1.0), record("constant", 0, 20.0)])
    assert decision(board).startswith("**Best: `oe`**")
    assert "**The best method loses to the references**: `linear` 1.00, `oe` 5.00." in decision(board)
    assert "not the references" in index_page([board])
    beaten = Board(WITH_REFERENCES, [*records, record("constant", 0, 20.0)])
    assert "references" not in decision(beaten)


def test_the_first_line_says_what_beats_the_baseline_at_tuned_settings():
    records = row("baseline", 7.0) + noisy("oe", 5.0) + row("srl", 3.0)
    board = Board(FACES, [*records, *row("tuned_baseline", 5.0)])
    assert "(`tuned_baseline`, 5.13) is beaten by `srl`." in decision(board)
    assert "stands beside a published protocol on 1, and is beaten on 1." in index_page([board])
    assert "not the tuned baseline" not in index_page([board])
    page = dataset_page(board)
    assert "less tuned_baseline" in page
    board = Board(FACES, [*records, *noisy("tuned_baseline", 2.5)])
    assert "**No method beats the baseline at tuned settings** (`tuned_baseline`, 2.50)." in decision(board)
    assert "win; not the tuned baseline" in index_page([board])
    assert "is beaten on 0." in index_page([board])
    assert "tuned" not in decision(Board(FACES, records)) + index_page([Board(FACES, records)])


def test_references_stand_apart_last_and_are_neither_best_nor_bold():
    records = [*row("baseline", 7.0), *noisy("oe", 5.0), record("linear", 0, 1.0)]
    board = Board(WITH_REFERENCES, records)
    table = lead_table(board)
    assert [line[0] for line in table.rows] == ["oe", "baseline", "references:", "linear"]
    assert {table.rows[i][0] for i, _ in table.bold} == {"oe"}
    assert cells(table)["linear"]["verdict"] == "win"
    assert "| *references*" in dataset_page(board)
    assert board.leader(("mae", "all")) == "oe"
    assert "| `oe` " in index_page([board])


def test_the_table_shows_difference_interval_and_verdict_and_marks_regions():
    board = Board(FACES, row("baseline", 7.0, 9.0) + row("oe", 5.0, 9.5) + noisy("srl", 7.2))
    shown = cells(lead_table(board))
    assert shown["oe"]["difference [95%]"] == "-2.00 [-2.00, -2.00]"
    assert [shown[name]["verdict"] for name in ("oe", "srl", "baseline")] == ["win", "tie", "–"]
    assert shown["oe"]["few"] == "9.590▼"
    assert "(few 25)" in caption(board)


def test_seeds_are_counted_where_a_row_lacks_some():
    assert "n" not in lead_table(Board(FACES, row("baseline", 7.0))).columns
    failed = [*row("oe", 7.0)[:4], record("oe", 4, status="diverged")]
    table = lead_table(Board(FACES, row("baseline", 7.0) + failed))
    assert cells(table)["oe"]["n"] == "4, 1 diverged"
    assert {table.rows[i][0] for i, _ in table.bold} == {"baseline"}


def test_the_limits_of_a_board_are_stated():
    board = Board(FACES, row("baseline", 7.0) + noisy("oe", 6.9) + noisy("srl", 9.0))
    said = "\n".join(limits(board))
    assert "years is found in 80% of such experiments" in said
    assert "the first two rows (`oe` and `baseline`" in said
    assert "over seeds alone for want of predictions or data, and so too narrow: all rows." in said
    names = ("baseline", "oe", "srl")
    pairs = {pair(a, b): 0.2 for a in names for b in names}
    known = Sampling(dict.fromkeys(names, "k"), {"all": 400}, {"mae all": pairs})
    more = "\n".join(limits(board.sampled(known)))
    assert "seeds alone" not in more
    assert "% is of seeds and" in more


def test_a_row_that_one_seed_pulls_away_shows_its_median():
    values = [5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7, 5.8, 30.0]
    records = row("baseline", 9.0) + [record("oe", k, value) for k, value in enumerate(values)]
    board = Board(FACES, records)
    assert "pulls the mean of `oe` (mean 7.9, median 5.5)" in "\n".join(limits(board))
    page = dataset_page(board)
    assert "(median 5." in page
    steady = Board(FACES, row("baseline", 9.0) + noisy("oe", 5.0))
    assert "median 5" not in dataset_page(steady)


@pytest.mark.parametrize("regions", [("all", "few"), ("all", "many", "medium", "few")])
def test_the_table_is_read_in_a_hundred_columns(regions):
    spec = replace(FACES, regions=regions)
    names = ("baseline", "focal_r+ranksim+fds")
    records = [
        one.model_copy(
            update={
                "metrics": {"test": {region: {"mae": one.metrics["test"]["all"]["mae"], "n": 99} for region in regions}}
            }
        )
        for name, mean in zip(names, (17.25, 15.5), strict=True)
        for one in noisy(name, mean)
    ]
    table = lead_table(Board(spec, records))
    widths = [max(len(line[j]) for line in (table.columns, *table.rows)) for j in range(len(table.columns))]
    assert sum(widths) + 3 * len(widths) + 1 <= 100
