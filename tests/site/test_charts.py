"""Errors by label, learning curves, and specifications that Vega-Lite takes."""

import json

import numpy as np
import pytest

from bench.leaderboard.across import Standing
from bench.leaderboard.board import Board
from bench.leaderboard.spec import BoardSpec
from bench.results import store
from bench.results.record import Predictions
from bench.runs import cells
from bench.site import charts, curves, labels
from support.board_records import record

vl_convert = pytest.importorskip("vl_convert")

CURVES = {"baseline": [(1, 5.0, 4.0, 6.0), (2, 3.0, 2.0, 4.0)], "oe": [(1, 4.0, 3.0, 5.0)]}
BY_LABEL = labels.ByLabel([0.0, 1.0, 2.0], [5, 1], [2, 0], {"baseline": [1.5, None], "oe": [1.0, None]})
ROLES = {"baseline": "baseline", "oe": "best group"}
SPECS = {
    "seeds": charts.seeds({"baseline": [1.0, 2.0], "oe": [0.1, 100.0]}, ROLES, "MSE"),
    "one seed": charts.seeds({"oe": [0.0]}, ROLES, "MSE"),
    "labels": charts.error_by_label(BY_LABEL, "oe", "°"),
    "curves": charts.learning(CURVES, "oe", "MAE"),
    "baseline alone": charts.learning({"baseline": CURVES["baseline"]}, "", "MAE"),
    "cost": charts.cost({"baseline": 1.0, "oe": 20.0}, {"baseline": 1.0, "oe": 0.0}, ROLES, "MAE"),
    "ranks": charts.critical_differences(Standing(3, {"oe": (1.2, 1.0, 1.5), "baseline": (2.0, 1.6, 2.4)}, 0.01, 0.5)),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_chart_is_drawn_without_a_complaint(name):
    svg = vl_convert.vegalite_to_svg(json.loads(json.dumps(SPECS[name])), vl_version=charts.VERSION)
    assert svg.count("<path") > 2
    assert "NaN" not in svg


def test_only_the_baseline_and_the_chosen_row_are_drawn():
    spec = SPECS["curves"]
    assert [param["bind"]["options"] for param in spec["params"]] == [["oe"]]
    assert {point["row"] for point in spec["data"]["values"]} == {"baseline", "oe"}


def test_a_logarithmic_interval_stays_above_zero():
    bars = SPECS["seeds"]["layer"][2]["data"]["values"]
    assert min(bar["low"] for bar in bars) == 0.05


def test_a_curve_has_mean_and_range_of_the_epochs_that_all_seeds_have():
    assert curves.curve([{1: 2.0, 2: 4.0}, {1: 4.0, 2: 5.0, 3: 1.0}]) == [(1, 3.0, 2.0, 4.0), (2, 4.5, 4.0, 5.0)]
    long = curves.curve([dict.fromkeys(range(1000), 1.0)])
    assert (len(long), long[0][0], long[-1][0]) == (curves.MOST_POINTS, 0, 999)
    assert curves.curve([{}, {}]) == []


def test_bins_of_many_labels_have_equal_width():
    edges = labels.bins(np.array([0.0, 0.3, 1.0, 12.0]))
    assert len(edges) == labels.MOST_BINS + 1
    assert np.allclose(np.diff(edges), 0.5)


@pytest.fixture
def digits():
    from bench.plugins import resolve

    on = resolve.dataset("digits")
    return cells.load(on, None)


def test_errors_by_label_are_means_over_the_samples_of_a_bin_and_over_seeds(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "remembered", lambda name, arguments, compute: compute())
    y = digits.test.labels.numpy()
    for seed, shift in enumerate((1.0, 3.0)):
        kept = Predictions(file="predictions.npz", sha256=f"{seed}")
        made = record("baseline", seed, shift, dataset="digits").model_copy(update={"predictions": kept})
        store.write(tmp_path, made, {"mean": (y + shift).astype("<f4")})
    records = [record("baseline", s, 1.0, dataset="digits").model_copy(update={"predictions": kept}) for s in range(2)]
    board = Board(BoardSpec("digits", "digits", "", "°", ("mae",)), records)
    found, reason = labels.by_label(board, tmp_path, tmp_path)
    assert reason == ""
    filled = [error for error in found.errors["baseline"] if error is not None]
    assert filled == pytest.approx([2.0] * len(filled), rel=1e-3)
    assert (sum(found.train), sum(found.test)) == (len(digits.train), len(y))
    assert [error is None for error in found.errors["baseline"]] == [n == 0 for n in found.test]


@pytest.mark.parametrize(
    ("dataset", "kept", "why"),
    [
        ("digits", None, "no predictions are kept"),
        ("circle", Predictions(file="predictions-3d.npz", sha256="0"), "no single numbers"),
        ("airfoil", Predictions(file="predictions.npz", sha256="0"), "bench data status --dataset airfoil"),
    ],
)
def test_where_there_are_no_errors_by_label_the_page_says_why(dataset, kept, why, tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "remembered", lambda name, arguments, compute: compute())
    made = record("baseline", 0, 1.0, dataset=dataset).model_copy(update={"predictions": kept})
    found, reason = labels.by_label(Board(BoardSpec(dataset, dataset, "", "", ("mae",)), [made]), tmp_path, tmp_path)
    assert found is None
    assert why in reason
