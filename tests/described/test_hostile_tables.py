"""Tables of every kind: each is described and loaded, or refused in one line that says what to do."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.described import given
from bench.errors import BenchError
from bench.plugins import described, resolve


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


def table(rows=200, **columns):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(rows)
    return pd.DataFrame({"x": x, "y": x + rng.standard_normal(rows), **columns})


def loaded(path, target="y"):
    on = resolve.dataset(given.names(str(path), target))
    return on, on.dataset.load(path.parent)


def written(frame, path, **how):
    frame.to_csv(path, index=False, **how)
    return path


TARGETS = {
    "unit": lambda x: 1 / (1 + np.exp(-x)),
    "millions": lambda x: 1e6 * np.exp(x),
    "negative": lambda x: -50 - np.abs(x),
    "integer": lambda x: np.round(3 * x),
    "heavy": lambda x: np.exp(5 * x),
    "tiny": lambda x: 1e-7 * x,
    "two values": lambda x: (x > 1).astype(float),
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("rows", [30, 800])
def test_targets_of_any_scale_fall_into_several_bins_and_lds_weighs_them(kind, rows, tmp_path):
    frame = table(rows)
    frame["y"] = TARGETS[kind](frame["x"])
    on, splits = loaded(written(frame, tmp_path / "own.csv"))
    bins = on.dataset.bins.index(splits.train.labels)
    assert len(bins.unique()) > 1
    method = resolve.method("lds", on).build_method()
    from bench.training.model import Model

    model = Model(on.dataset, on.protocol, splits, method, 0, torch.device("cpu"))
    assert len(model.w.unique()) > 1
    assert splits.train.x.isfinite().all()
    regions = on.dataset.regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    assert set(regions) <= {"many", "medium", "few", "zero"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separators_and_encodings_are_found(separator, encoding, tmp_path):
    frame = table(straße=["é", "ü"] * 100)
    _, splits = loaded(written(frame, tmp_path / "own.csv", sep=separator, encoding=encoding))
    _, plain = loaded(written(frame, tmp_path / "own.csv"))
    assert torch.equal(splits.train.x, plain.train.x)


def test_a_decimal_comma_is_a_number(tmp_path):
    on, splits = loaded(written(table(), tmp_path / "own.csv", sep=";", decimal=","))
    assert on.dataset.about.columns == {"x": "numeric"}
    assert abs(float(splits.train.x.mean())) < 1e-6


def test_many_columns_missing_values_and_categories_that_training_has_not_seen_are_finite(tmp_path):
    rng = np.random.default_rng(1)
    more = {f"c{i}": np.where(rng.random(300) < 0.3, np.nan, rng.standard_normal(300)) for i in range(200)}
    frame = table(300, **more, rare=[f"v{i // 2}" for i in range(300)], when=pd.date_range("2020", periods=300))
    frame.loc[::7, "y"] = np.nan
    on, splits = loaded(written(frame, tmp_path / "own.csv"))
    assert splits.train.x.isfinite().all()
    assert splits.test.x.isfinite().all()
    assert len(splits.train) + len(splits.val) + len(splits.test) == 300 - 43
    assert on.dataset.about.columns["when"] == "date"


REFUSED = {
    "constant": (lambda: table().assign(y=3), "the target y is 3 in every row"),
    "five rows": (lambda: table(5), "rows with a target: 5; at least 10 are needed"),
    "no target": (
        lambda: table().rename(columns={"y": "yy"}),
        "has no target 'y'; did you mean 'yy'? there are: x, yy",
    ),
    "words": (lambda: table().assign(y=["1", "two"] * 100), "the target 'y' is 'two' in row 2"),
    "target twice": (lambda: table().set_axis(["y", "y"], axis=1), "several columns named 'y'"),
    "nothing to learn from": (lambda: table()[["y"]], "no column to predict y from"),
    "no rows": (lambda: table(0), "has no rows"),
    "far from zero": (lambda: table().assign(y=lambda t: 1e9 + t.x), "too little for single precision; subtract"),
    "beyond all units": (lambda: table().assign(y=lambda t: 1e300 * t.x), "give it in a larger unit"),
    "dates": (lambda: table().assign(y=pd.date_range("2020", periods=200)), "is '2020-01-01' in row 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_learned_from_is_refused_in_one_line(kind, tmp_path):
    make, message = REFUSED[kind]
    with pytest.raises(BenchError) as error:
        loaded(written(make(), tmp_path / "own.csv"))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_target_that_is_named_twice_is_refused(tmp_path):
    with pytest.raises(BenchError, match="the target y is named twice"):
        loaded(written(table(), tmp_path / "own.csv"), "y,y")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("binary.csv", b"\x00\x01\x02\n\x00", "is no text"),
        ("ragged.csv", b"x,y\n1,2\n1,2,3,4\n", "cannot be read as rows"),
        ("wrong.parquet", b"PAR", "is no parquet file"),
        ("missing.csv", None, "there is no file"),
        ("airfoil.csv", b"x,y\n" + b"1,2\n3,4\n" * 20, "there is a dataset 'airfoil' already"),
    ],
)
def test_files_that_are_no_tables_are_refused_in_one_line(name, content, message, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BenchError, match=message) as error:
        loaded(path)
    assert "\n" not in str(error.value)


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "own.csv").mkdir()
    with pytest.raises(BenchError, match="a folder of pictures needs one"):
        loaded(tmp_path / "own.csv")


def test_parquet_and_csv_of_the_same_rows_are_the_same_data(tmp_path):
    frame = table(when=pd.date_range("2020", periods=200), flag=[True, False] * 100)
    frame.to_parquet(tmp_path / "own.parquet")
    _, parquet = loaded(tmp_path / "own.parquet")
    _, csv = loaded(written(frame, tmp_path / "own.csv"))
    assert parquet.fingerprint() == csv.fingerprint()


def test_the_name_of_a_column_moves_no_cursor(tmp_path, monkeypatch, bench):
    monkeypatch.chdir(tmp_path)
    written(table().rename(columns={"x": "x\x1b[31m"}), tmp_path / "own.csv")
    code, out, errors = bench("new", "dataset", "own.csv", "--target", "y")
    assert (code, errors) == (0, "")
    assert "x\\x1b[31m" in out
    assert "\x1b" not in out + (tmp_path / "own.toml").read_text()
