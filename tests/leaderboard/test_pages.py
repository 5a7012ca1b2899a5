"""Pages: the same bytes for the same records, and what stays off them."""

import random

from bench.leaderboard.board import Board, boards
from bench.leaderboard.index import index_page
from bench.leaderboard.pages import dataset_page
from bench.leaderboard.spec import BoardSpec
from support.board_records import FACES, TORUS, main_table, record, three


def test_the_order_of_the_records_changes_no_byte():
    rng = random.Random(0)
    records = [record(m, s, rng.gauss(7, 1), few=rng.gauss(9, 1)) for m in ("oe", "baseline") for s in range(10)]
    page, index = dataset_page(Board(FACES, records)), index_page(boards([FACES, TORUS], records))
    for _ in range(5):
        rng.shuffle(records)
        assert dataset_page(Board(FACES, iter(records))) == page
        assert index_page(boards([TORUS, FACES], iter(records))) == index


def test_no_clock_is_on_a_page():
    assert "2031" not in dataset_page(Board(FACES, three("baseline"))) + index_page([Board(FACES, three("baseline"))])


def test_many_columns_are_split_into_a_table_a_metric_but_for_what_no_record_has():
    metrics = ("mae", "gmean_error", "mse", "pearson")
    wide = BoardSpec("faces", "Faces", "", "years", metrics, ("all", "many", "medium", "few"))
    records = [record("baseline", seed, 1.0 + seed, mse=2.0, pearson=0.5) for seed in range(3)]
    heads = [line for line in dataset_page(Board(wide, records)).splitlines() if line.startswith("| method")]
    shown = [[name for name in ("MAE", "GM", "MSE", "Pearson") if name in head] for head in heads[1:4]]
    assert shown == [["MAE"], ["MSE"], ["Pearson"]]


def test_records_on_synthetic_samples_stay_off_real_boards():
    fake = BoardSpec(
        "faces[images=synthetic]",
        "Faces, made up",
        "",
        "years",
        ("mae",),
        synthetic=True,
        reported="AgeDB-DIR",
    )
    records = three("baseline") + three("oe", (1.0, 1.0, 1.0), dataset="faces[images=synthetic]")
    assert [row[0] for row in main_table(records).rows] == ["baseline"]
    page = dataset_page(Board(fake, records))
    assert "Synthetic samples" in page
    assert "Reported by" not in page
    real, _, made_up = index_page(boards([FACES, fake], records)).partition("## Synthetic samples")
    assert ("`oe`" in real, "`oe`" in made_up, "`baseline`" in real) == (False, True, True)
    assert "(faces%5Bimages%3Dsynthetic%5D.md)" in made_up


def test_a_board_without_records_says_so():
    page = dataset_page(Board(FACES, []))
    assert "No seed has finished yet." in page
    assert "| `srl`" in page
