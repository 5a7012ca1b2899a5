"""The main table: means, deviations, digits, order and bold, against hand computation."""

from bench.leaderboard.board import Board
from bench.leaderboard.pages import dataset_page
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
    records = three("baseline", few=9.0, pearson=0.9) + three("oe", (6.0, 6.0, 6.0), few=10.0, pearson=0.8)
    table = main_table(records)
    best = {table.columns[j]: table.rows[i][0] for i, j in table.bold}
    assert best == {"MAE all ↓ [years]": "oe", "MAE few ↓ [years]": "baseline", "Pearson all ↑": "baseline"}
    assert "**6.0 ± 0.0**" in dataset_page(Board(FACES, records))


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
