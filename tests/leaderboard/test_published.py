"""Figures of the papers, and ours against them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.comparison import against
from bench.leaderboard.pages import dataset_page
from bench.leaderboard.published import PAPER_METRICS, method_of, published_rows
from bench.leaderboard.spec import BoardSpec
from bench.metrics import METRICS
from support.board_records import TORUS, cells, record


def test_reported_rows_stand_apart_and_are_compared_with_ours():
    records = [record("baseline", s, dataset="torus", mse=mse) for s, mse in enumerate((3.13, 3.23, 3.33))]
    records += [record("rot_reg", s, dataset="torus", mse=mse) for s, mse in enumerate((0.80, 0.81, 0.82))]
    records += [record("ranksim", s, dataset="torus", mse=1.0) for s in range(3)]
    table = cells(against(Board(TORUS, records), ("all",)))
    assert set(table) == {"baseline", "rot_reg"}
    # 3.01 ± 0.11 and 0.77 ± 0.02: exactly two deviations above, both within
    assert [table["baseline"][key] for key in ("reported", "difference", "within 2 sd")] == [
        "3.01 ± 0.11",
        "+0.22",
        "yes",
    ]
    assert [table["rot_reg"][key] for key in ("ours", "difference", "within 2 sd")] == [
        "0.81 ± 0.01",
        "+0.04",
        "yes",
    ]
    ours, _, theirs = dataset_page(Board(TORUS, records)).partition("Reported by the papers (not run here)")
    assert "+ Topological Autoencoder" in theirs
    assert "Topological" not in ours


def test_a_mean_beyond_two_reported_deviations_is_not_within():
    board = Board(TORUS, [record("baseline", 0, dataset="torus", mse=3.2301)])
    assert cells(against(board, ("all",)))["baseline"]["within 2 sd"] == "no"


def test_rows_apart_from_the_papers_bring_their_finding_and_every_row_its_certificate():
    spec = replace(
        TORUS,
        findings={"baseline": "the points are others", "oe": "never shown"},
        certificates={"baseline": ("owner/code at abc", "3", "1e-16", "nothing"), "oe": ("x", "1", "0", "all")},
    )
    made = [record("baseline", seed, dataset="torus", mse=5.0) for seed in range(2)]
    page = dataset_page(Board(spec, made))
    assert "- `baseline`: the points are others." in page
    assert "owner/code at abc" in page
    assert "never shown" not in page
    near = dataset_page(Board(spec, [record("baseline", seed, dataset="torus", mse=3.01) for seed in range(2)]))
    assert "the points are others" not in near


def test_a_reported_mean_without_deviation_leaves_the_comparison_open():
    spec = BoardSpec("nyu", "NYU", "", "m", ("rmse",), reported="NYUD2-DIR")
    made = record("baseline", 0, dataset="nyu").model_copy(update={"metrics": {"test": {"all": {"rmse": 1.5}}}})
    line = cells(against(Board(spec, [made]), ("all",)))["baseline"]
    assert (line["difference"], line["within 2 sd"]) == ("+0.023", "unknown")


def test_rows_that_a_note_calls_incomparable_are_listed_and_not_compared():
    spec = BoardSpec("torus", "Torus", "", "", ("mse",), reported="coordinate-torus", reported_note="other points")
    page = dataset_page(Board(spec, [record("baseline", 0, dataset="torus", mse=3.0)]))
    assert "Not comparable with ours: other points." in page
    assert "Against the papers" not in page


@pytest.mark.parametrize(
    ("label", "method"),
    [
        ("Baseline", "baseline"),
        ("VANILLA", "baseline"),
        ("+ L_ot", "rot_reg"),
        ("+ MT + L_ot", "mt+rot_reg"),
        ("+ Topological Autoencoder", "topo_ae"),
        ("LDS+FDS", "lds+fds"),
        ("SQINV + LDS + FDS + RANKSIM", "ranksim+lds+fds"),
        ("INV + FDS", "inv+fds"),
        ("RRT + RANKSIM", "rrt+ranksim"),
        ("FOCAL-R + LDS + RANKSIM", None),
        ("+ MT M=4", None),
        ("VANILLA [batch 64, lr 2.5e-4]", None),
    ],
)
def test_labels_of_the_papers_map_to_methods_only_where_that_is_unambiguous(label: str, method: str | None):
    assert method_of(label) == method


def test_reported_percentages_come_in_our_unit_and_keep_their_digits():
    row = next(row for row in published_rows("STS-B-DIR") if row.label == "VANILLA")
    assert row.values["pearson", "all"] == (Decimal("0.742"), None)
    assert row.tables == ("Table 3", "Table 9")


def test_tables_that_contradict_each_other_keep_both_rows():
    rows = [row for row in published_rows("AgeDB-DIR") if row.label == "FOCAL-R + LDS + FDS"]
    assert [row.values["mae", "few"][0] for row in rows] == [Decimal("12.55"), Decimal("12.83")]


def test_reported_metrics_are_metrics_of_ours():
    assert {metric for metric, _ in PAPER_METRICS.values()} <= set(METRICS)
