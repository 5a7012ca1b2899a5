"""Seeds under other settings are rows of their own."""

from bench.leaderboard.board import Board
from bench.leaderboard.index import index_page
from bench.leaderboard.pages import dataset_page
from support.board_records import FACES, cells, main_table, record, three


def test_seeds_under_other_settings_are_a_row_of_their_own():
    short = {"protocol": {"epochs": 5}, "overrides": {"protocol.epochs": 5}}
    records = [*three("baseline"), record("baseline", 3, 99.0, config=short)]
    lines = cells(main_table(records))
    assert {row: line["n"] for row, line in lines.items()} == {
        "baseline": "3",
        "baseline {protocol.epochs=5}": "1",
    }
    assert "`baseline {protocol.epochs=5}`" in dataset_page(Board(FACES, records))


def test_a_field_that_is_new_and_neutral_makes_no_other_row():
    newer = {"protocol": {"epochs": 90, "precision": "fp32"}, "overrides": {}}
    rows = main_table([record("oe", 0, 1.0), record("oe", 1, 3.0, config=newer)]).rows
    assert [(row[0], row[1]) for row in rows] == [("oe", "2")]


def test_seeds_whose_configs_differ_are_never_averaged_even_without_overrides():
    records = [
        record("oe", 0, 1.0),
        record("oe", 1, 3.0, config={"protocol": {"epochs": 91}, "overrides": {}}),
    ]
    rows = main_table(records).rows
    assert [row[1] for row in rows] == ["1", "1"]
    assert all(row[0].startswith("oe {config ") for row in rows)


def test_other_settings_lead_the_index_only_where_there_is_nothing_else():
    quick = [record("oe", s, 1.0, config={"protocol": {"epochs": 1}, "overrides": {"epochs": 1}}) for s in range(2)]
    assert "`baseline`" in index_page([Board(FACES, three("baseline") + quick)])
    assert "`oe {epochs=1}`" in index_page([Board(FACES, quick)])
