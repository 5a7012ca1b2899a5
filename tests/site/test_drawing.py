"""Drawings of one record: what each holds, and what cannot be drawn."""

import json

import numpy as np
import pytest

from bench.analysis import Kept
from bench.errors import BenchError
from bench.site.drawing import DRAWN
from support.command_line import bench

RNG = np.random.default_rng(0)
ROWS, WIDTH, EPOCHS = 30, 3, 4
COURSE = RNG.normal(size=(EPOCHS, ROWS, WIDTH))
KEPT = Kept(
    COURSE[-1], RNG.normal(size=(ROWS, 1)), COURSE[0], RNG.normal(size=(2, WIDTH)),
    heads=RNG.normal(size=(EPOCHS, 2, WIDTH)), epochs=np.arange(EPOCHS), course=COURSE,
    steps=RNG.normal(size=(502, 2, WIDTH)), iterations=np.array([*range(500), 500, 1000]),
)  # fmt: skip


def panels(name, kept=KEPT):
    return [panel for row in DRAWN[name](kept)["vconcat"] for panel in row["hconcat"]]


def test_theta_has_turns_after_each_epoch_ways_and_updates():
    turns, ways, late, early = (panel["data"]["values"] for panel in panels("theta"))
    assert {point["epoch"] for point in turns} == {1, 2, 3}
    assert [point["distance"] for point in turns if point["epoch"] == 3] == pytest.approx([0, 0])
    last = KEPT.heads[1, 0]
    expected = 1 - last @ KEPT.heads[-1, 0] / np.linalg.norm(last) / np.linalg.norm(KEPT.heads[-1, 0])
    assert turns[0]["distance"] == pytest.approx(expected)
    assert len(ways) == 2 * EPOCHS
    assert (len(late), len(early)) == (2 * 3, 2 * 500)
    assert (late[1]["first"], late[1]["second"]) == pytest.approx(tuple(KEPT.steps[500, 0, :2]))


def test_updates_have_a_panel_for_each_epoch_whose_ends_are_the_next_ones_starts():
    first, second, third = panels("updates")
    assert (first["title"], third["title"]) == ("epoch 0 to 1", "epoch 2 to 3")
    ends = [(point["x"], point["y"]) for point in first["data"]["values"]]
    assert ends == [(point["from_x"], point["from_y"]) for point in second["data"]["values"]]


def test_ordinality_has_distances_in_the_order_of_labels():
    of_features, of_labels = (panel["data"]["values"] for panel in panels("ordinality"))
    assert len(of_features) == ROWS**2
    first_row = [value["distance"] for value in of_labels[:ROWS]]
    assert first_row == sorted(first_row)
    assert (first_row[0], first_row[-1]) == (0, 1)


def test_a_head_that_is_not_linear_has_no_course_to_draw():
    with pytest.raises(BenchError, match="the head is not linear"):
        DRAWN["theta"](Kept(KEPT.z, KEPT.labels))


def test_the_command_draws_what_a_run_keeps(tmp_path):
    words = ["--dataset", "circle", "--method", "mt[copies=2]"]
    done = bench("run", *words, "--seeds", "1", "--keep", "features", "--set", "protocol.epochs=3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in DRAWN:
        done = bench("analyse", name, *words, "--draw", f"{name}.json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads((tmp_path / f"{name}.json").read_text())["config"]
    for more, problem in (
        (("uniformity", *words), "no drawing 'uniformity'"),
        (("theta", "--dataset", "circle"), "--draw takes --dataset and --method"),
        (("theta", *words, "--seed", "4"), "no record of mt[copies=2] on circle with seed 4"),
    ):
        wrong = bench("analyse", *more, "--draw", "x.json", cwd=tmp_path)
        assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
        assert problem in wrong.stderr
