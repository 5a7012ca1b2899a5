"""The main table: means, deviations, digits, order and bold, against hand computation."""

from bench.leaderboard import tables
from bench.leaderboard.board import Board
from bench.leaderboard.index import index_page
from bench.leaderboard.pages import dataset_page
from bench.leaderboard.spec import BoardSpec
from support.board_records import FACES, cells, main_table, record, three


def test_a_cell_is_the_mean_and_the_sample_deviation_of_the_seeds():
    row = cells(main_table(three("baseline", (7.0, 8.0, 9.5))))["baseline"]
    # mean 49/6 = 8.1667; deviations -7/6, -1/6, 8/6; sum of squares 114/36; over 2: 1.58333; root 1.2583
    assert row["MAE all ↓ [years]"] == "8.2 ± 1.3"
    assert row["n"] == "3"


def test_a_single_seed_has_a_mean_and_no_deviation():
    assert cells(main_table([record("baseline", 0, 7.123)]))["baseline"]["MAE all ↓ [years]"] == "7.12"


def test_digits_follow_the_deviation_and_a_small_deviation_never_reads_zero():
    records = three("baseline", (7.1, 7.2, 7.3)) + three("oe", (6.0001, 6.0002, 6.0003))
    column = {row: line["MAE all ↓ [years]"] for row, line in cells(main_table(records)).items()}
    assert column == {"baseline": "7.200 ± 0.100", "oe": "6.0002 ± 0.0001"}


def test_rounding_noise_between_seeds_asks_for_no_digits():
    line = cells(main_table(three("baseline", (0.3, 0.1 + 0.2, 0.3))))["baseline"]
    assert line["MAE all ↓ [years]"] == "0.300 ± 0.000"


def test_rows_stand_best_first_and_names_decide_among_equals():
    records = three("oe") + three("baseline") + three("mt", (1.0, 2.0, 3.0))
    assert [row[0] for row in main_table(records).rows] == ["mt", "baseline", "oe"]


def test_the_best_of_each_column_is_bold_in_the_direction_of_its_metric():
    records = three("baseline", few=9.0, pearson=0.9) + three("oe", (6.0, 7.0, 8.001), few=10.0, pearson=0.8)
    table = main_table(records)
    best = {table.columns[j].partition(", n=")[0]: table.rows[i][0] for i, j in table.bold}
    assert best == {"MAE all ↓ [years]": "oe", "MAE few ↓ [years]": "baseline", "Pearson all ↑": "baseline"}
    assert "**7.0 ± 1.0**" in dataset_page(Board(FACES, records))


def test_an_empty_region_and_a_null_metric_show_a_dash():
    line = cells(main_table(three("baseline")))["baseline"]
    assert line["MAE few ↓ [years]"] == line["Pearson all ↑"] == line["Pearson few ↑"] == "–"


def test_a_metric_that_is_null_in_some_seeds_says_how_many_count():
    records = [
        record("baseline", 0, 7.0, few=1.0),
        record("baseline", 1, 7.0, few=3.0),
        record("baseline", 2, 7.0),
    ]
    assert cells(main_table(records))["baseline"]["MAE few ↓ [years]"] == "2.0 ± 1.4 (n=2)"


DIVERGED = [record("oe", 0, 1.0), *(record("oe", seed, status="diverged") for seed in range(1, 10))]


def test_a_row_with_failed_seeds_comes_last_is_never_bold_and_says_so():
    board = Board(FACES, three("baseline") + DIVERGED)
    table = tables.main_table(board)
    assert [row[:2] for row in table.rows] == [("baseline", "3"), ("oe", "1, 9 diverged")]
    assert {i for i, _ in table.bold} == {0}
    assert "1, 9 diverged" in dataset_page(board)
    assert "| `baseline` " in index_page([board])


def test_a_board_of_failed_rows_alone_names_no_best_method():
    board = Board(FACES, DIVERGED)
    assert tables.main_table(board).bold == frozenset()
    assert "`oe`" not in index_page([board])


def test_a_row_whose_every_seed_failed_is_shown():
    (row,) = (row for row in main_table(three("mt") + DIVERGED[1:]).rows if row[0] == "oe")
    assert row[1] == "0, 9 diverged"
    assert set(row[2:]) == {"–"}


def test_a_row_with_a_null_metric_in_some_seeds_comes_last_and_is_not_bold_there():
    records = [*three("baseline", few=2.0), *three("oe", (1.0, 1.0, None), few=1.0)]
    table = main_table(records)
    assert [row[0] for row in table.rows] == ["baseline", "oe"]
    best = {table.columns[j].partition(", n=")[0]: table.rows[i][0] for i, j in table.bold}
    assert best == {"MAE all ↓ [years]": "baseline", "MAE few ↓ [years]": "oe"}


def test_all_that_is_not_told_from_the_best_is_bold():
    records = three("baseline", (5.3, 5.9, 7.1)) + three("oe", (5.0, 6.0, 7.0)) + three("mt", (6.2, 7.2, 8.201))
    table = main_table(records)
    assert [row[0] for row in table.rows] == ["oe", "baseline", "mt"]
    assert {i for i, _ in table.bold} == {0, 1}


def test_a_region_of_a_few_rows_and_a_geometric_mean_have_no_winner():
    records = three("baseline", few=9.0) + three("oe", (1.0, 2.0, 3.001), few=1.0)
    few = [
        r.model_copy(update={"metrics": {"test": {**r.metrics["test"], "few": {"mae": 1.0, "n": 19}}}}) for r in records
    ]
    table = main_table(few)
    assert {table.columns[j] for _, j in table.bold} == {"MAE all ↓ [years], n=20"}
    gm = BoardSpec("faces", "Faces", "", "years", ("gmean_error",))
    exact = [
        r.model_copy(update={"metrics": {"test": {"all": {"gmean_error": r.seed + (r.method == "oe"), "n": 99}}}})
        for r in records
    ]
    assert tables.main_table(Board(gm, exact)).bold == frozenset()


def test_a_board_whose_records_are_all_stale_has_an_empty_table():
    records = three("baseline")
    stale = frozenset(f"faces/baseline/{record.seed}" for record in records)
    assert main_table(records, stale=stale).rows == ()
    assert "No seed has finished yet." in dataset_page(Board(FACES, records, stale))
