"""Operator learning: who trains, regions by place, and the published files' form."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from bench.data import adding, files
from bench.datasets import operator_learning as module
from bench.errors import BenchError
from bench.plugins import resolve
from bench.synthetic import operators
from bench.training import evaluate
from support.datasets import NOWHERE, make, real, rows

FEW = "operator_learning[points=few]"


def test_sixty_percent_train_and_rarely_near_the_ends():
    points = np.random.default_rng(0).random(10_000)
    kept = module.unevenly(points, np.random.default_rng(1))
    assert (len(kept), len(np.unique(kept)), kept.tolist()) == (6000, 6000, sorted(kept))
    share = [np.isin(np.flatnonzero((points >= low) & (points < low + 0.1)), kept).mean() for low in np.arange(10) / 10]
    assert share[0] < 0.25 > share[9]
    assert share[0] < share[1] < share[2] < share[4]
    assert share[9] < share[8] < share[7] < share[5]
    assert abs(share[4] - share[5]) < 0.06


@pytest.mark.parametrize(("operator", "inputs"), [("linear", 101), ("nonlinear", 241)])
def test_rows_share_no_function_with_another_split_and_have_the_published_sizes(operator, inputs):
    splits = make(f"operator_learning[operator={operator},points=few]").load(NOWHERE)
    assert rows(splits) == [300, 50, 5000 if operator == "linear" else 500]
    assert splits.train.x.shape[1] == inputs
    seen = [np.unique(split.shared["function"]) for split in (splits.train, splits.val, splits.test)]
    assert len(np.unique(np.concatenate(seen))) == sum(map(len, seen))
    even = make(f"operator_learning[operator={operator},points=few,sampling=even]").load(NOWHERE)
    assert rows(even)[0] == 500


def test_regions_go_by_the_point_and_metrics_know_them():
    on = make(FEW)
    splits = on.load(NOWHERE)
    x = splits.test.x[:, -1].numpy()
    expected = np.where((x > 0.2) & (x < 0.8), "many", np.where((x < 0.1) | (x > 0.9), "few", "medium"))
    assert (splits.test.regions == expected).all()
    off = splits.test.labels + (splits.test.x[:, -1:] < 0.1)
    table = evaluate.metrics(on, splits, "test", off)
    assert {name: table[name]["n"] for name in ("many", "medium", "few")} == {
        name: int((expected == name).sum()) for name in ("many", "medium", "few")
    }
    assert table["few"]["mae"] == pytest.approx((x < 0.1).sum() / table["few"]["n"], rel=1e-5)
    assert table["many"]["mae"] == 0


def test_the_protocol_is_that_of_the_operator():
    linear, nonlinear = (resolve.dataset(name).protocol for name in (FEW, "operator_learning[operator=nonlinear]"))
    assert (linear.lr, linear.epochs, linear.batch_size) == (1e-4, 20_000, None)
    assert (nonlinear.lr, nonlinear.epochs) == (1e-3, 40_000)
    bins = make(FEW).bins
    assert bins.start + bins.width / 2 == pytest.approx(-2.8)
    assert bins.start + 99.5 * bins.width == pytest.approx(2.8)


def published(folder, operator, train=1200, test=30, **changed):
    """Files of the published form, of made-up numbers."""
    rng = np.random.default_rng(0)
    names = [file.path.rpartition("/")[2] for file in module.FILES[operator]]
    for name, which, number in zip(names, ("train", "test"), (train, test), strict=True):
        arrays = {
            f"X_{which}0": rng.standard_normal((number, module.INPUTS[operator])),
            f"X_{which}1": rng.random((number, 1)),
            f"y_{which}": rng.random((number, 1)),
        }
        np.savez_compressed(folder / name, **{**arrays, **changed})
    return [folder / name for name in names]


@pytest.mark.parametrize("operator", ["linear", "nonlinear"])
def test_files_of_the_published_form_are_read(operator, tmp_path):
    (tmp_path / "operator_learning").mkdir()
    paths = published(tmp_path / "operator_learning", operator)
    on = make(f"operator_learning[operator={operator},points=published,sampling=even]")
    splits = on.load(tmp_path)
    assert rows(splits) == [200, 1000, 30]
    with np.load(paths[0]) as arrays:
        np.testing.assert_array_equal(splits.val.labels, arrays["y_train"][200:].astype(np.float32))
        np.testing.assert_array_equal(splits.train.x[:, -1:], arrays["X_train1"][:200].astype(np.float32))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"X_train1": np.full((1200, 1), np.nan)}, "array 'X_train1' of shape (1200, 1), expected (1200, 1) finite"),
        ({"X_train0": np.zeros((1200, 7))}, "array 'X_train0' of shape (1200, 7), expected (1200, 100)"),
    ],
)
def test_a_published_file_of_another_form_is_refused_in_one_line(changed, complaint, tmp_path):
    (tmp_path / "operator_learning").mkdir()
    published(tmp_path / "operator_learning", "linear", **changed)
    with pytest.raises(BenchError, match="get it again") as error:
        make("operator_learning[points=published]").load(tmp_path)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_published_labels_follow_from_their_modes_but_for_the_error_of_20000_samples():
    on, root = real("operator_learning[operator=nonlinear,points=published,sampling=even]")
    splits = on.load(root)
    first = np.arange(0, 1000, 10)  # a row of each of a hundred processes
    x = splits.train.x.double().numpy()
    grid, sensors = np.linspace(0, 1, 100), np.linspace(0, 1, 30)
    for row in first:
        basis = CubicSpline(sensors, x[row, :-1].reshape(8, 30).T)(grid).T
        expected = operators.mean_solution(basis)[np.rint(99 * x[row : row + 10, -1]).astype(int)]
        error = splits.train.labels[row : row + 10, 0].double().numpy() - expected
        assert np.abs(error).max() < 0.004  # the labels go up to 1.26; a deviation of the samples' mean is 0.0007
        assert np.abs(expected - 5 * x[row : row + 10, -1] * (1 - x[row : row + 10, -1])).max() < 0.01


def test_only_the_published_bytes_are_added(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    published(mine, "nonlinear")
    on = make("operator_learning[operator=nonlinear,points=published]")
    with pytest.raises(BenchError, match=r"train_sde\.npz with SHA-256"):
        adding.add(on, tmp_path, mine)
    with pytest.raises(BenchError, match=r"offline source 'operator_learning\[operator=nonlinear\]'"):
        files.verify(on, tmp_path, "operator_learning[operator=nonlinear,points=published]")
