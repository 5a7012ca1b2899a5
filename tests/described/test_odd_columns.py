"""Columns that are not what they seem, and names, weights and splits that were not meant so."""

import numpy as np
import pandas as pd
import pytest

from bench.described import given, kinds, numbers, reading, writing
from bench.errors import BenchError
from bench.plugins import described, resolve

ROWS = 120


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


def table(**columns):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.standard_normal(ROWS), "y": rng.standard_normal(ROWS), **columns})


def loaded(path, target="y"):
    on = resolve.dataset(given.names(str(path), target))
    return on, on.dataset.load(path.parent)


def described_as(frame, folder, target="y", **wishes):
    frame.to_csv(folder / "own.csv", index=False)
    return writing.describe(folder / "own.csv", target, folder, "own", writing.Wishes(**wishes))


def kept(text, folder):
    one = described.Described("own", text, str(folder))
    described.register(one)
    return resolve.dataset("own").dataset.load(folder)


@pytest.mark.parametrize(
    ("texts", "hours"), [(["13:30", "00:06"], [13.5, 0.1]), (["00:00:36", "24:00:00.5"], [0.01, 24 + 0.5 / 3600])]
)
def test_a_time_of_day_is_its_hours_whatever_the_day_is(texts, hours):
    np.testing.assert_allclose(numbers.numbers(pd.Series(texts)), hours)
    assert kinds.guess(numbers.numbers(pd.Series(texts))).kind == "numeric"


def test_a_span_of_time_is_its_seconds():
    assert numbers.numbers(pd.Series(pd.to_timedelta(["1h", "2s"]))).tolist() == [3600, 2]


def test_a_column_that_is_the_same_or_missing_says_where_it_is_missing(tmp_path):
    text = described_as(table(sold=["yes", None] * (ROWS // 2), code=[7.0] * ROWS), tmp_path).text
    assert 'sold = "category"  # one value, 60 missing' in text
    assert 'code = "ignored"  # it is the same in every row' in text


def test_lists_tables_and_bytes_of_a_parquet_file_are_left_out(tmp_path):
    cells = {"lists": [[1, 2]] * ROWS, "tables": [{"a": 1}] * ROWS, "bytes": [b"\xff"] * ROWS}
    table(**cells).to_parquet(tmp_path / "own.parquet")
    on, splits = loaded(tmp_path / "own.parquet")
    assert on.dataset.used == ["x"]
    assert splits.train.x.shape[1] == 1
    from bench.described.report import report

    assert "lists" in report(on.dataset)


def test_a_parquet_file_with_a_name_twice_is_refused_by_that_name(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_arrays([pa.array([1, 2])] * 3, names=["x", "x", "y"]), tmp_path / "own.parquet")
    with pytest.raises(BenchError, match="two columns named 'x'; rename one"):
        loaded(tmp_path / "own.parquet")


def test_a_date_beyond_the_year_9999_has_its_reason():
    days = pd.Series(np.array([0, 10**12], dtype="datetime64[s]"))
    assert kinds.guess(days) == kinds.Guess("date", "1970-01-01 to 33658-09-27")


@pytest.mark.parametrize("name", ["price, EUR", "price[EUR=1]", "a|b"])
def test_a_target_may_have_any_name(name, tmp_path):
    table().rename(columns={"y": name}).to_csv(tmp_path / "own.csv", index=False)
    assert loaded(tmp_path / "own.csv", name)[0].dataset.targets == (name,)


def test_a_column_whose_name_ends_in_a_number_is_not_the_target_twice(tmp_path):
    table(**{"y.1": range(ROWS)}).to_csv(tmp_path / "own.csv", index=False)
    assert loaded(tmp_path / "own.csv")[0].dataset.used == ["x"]  # the other one counts rows


@pytest.mark.parametrize("what", ["weight", "group", "time", "split"])
def test_the_target_has_no_second_purpose(what, tmp_path):
    with pytest.raises(BenchError, match=f"--{what} y is the target; name another column"):
        described_as(table(), tmp_path, **{what: "y"})


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_a_wrong_weight_is_refused_whichever_split_its_row_is_in(wrong, tmp_path):
    for row in range(10):
        weights = np.ones(ROWS)
        described._known.clear()
        text = described_as(table(w=weights), tmp_path, weight="w").text
        weights[row] = wrong
        with pytest.raises(BenchError, match="the weight w must be 0 or more in every row"):
            described_as(table(w=weights), tmp_path, weight="w")
        with pytest.raises(BenchError, match="the weight w must be 0 or more in every row"):
            kept(text, tmp_path)  # of a description that is older than its data


def test_a_weight_that_is_no_number_is_called_a_weight(tmp_path):
    with pytest.raises(BenchError, match="the weight 'w' is 'a' in row 1, and a weight is a number"):
        described_as(table(w=["a"] * ROWS), tmp_path, weight="w")


def test_a_column_named_split_splits_where_it_says_train_and_test(tmp_path):
    said = np.random.default_rng(0).choice(["train", "val", "test"], ROWS)
    text = described_as(table(split=said), tmp_path).text
    assert 'way = "column"' in text
    assert 'split = "' not in text.partition("[split]")[0]
    assert len(kept(text, tmp_path).test) == (said == "test").sum()
    other = described_as(table(split=np.where(said == "val", "even", "odd")), tmp_path).text
    assert 'split = "category"' in other


def test_the_column_of_a_split_by_time_is_no_input(tmp_path):
    text = described_as(table(day=pd.date_range("2020", periods=ROWS)), tmp_path, time="day").text
    assert 'day = "ignored"  # the split is by it' in text


def test_a_split_that_leaves_few_rows_to_train_is_warned_of(tmp_path):
    said = ["train"] * 40 + ["val"] * 20 + ["test"] * 60
    assert "only 40 of 120 rows train" in " ".join(described_as(table(s=said), tmp_path, split="s").warnings)


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nx;y\n{};",  # as Excel writes it
        "x,y\n{},\n",  # a separator at the end of each row
        "x,y\r{}\r",
    ],
)
def test_lines_as_programs_write_them_are_read(text, tmp_path):
    head, _, rest = text.partition("{}")
    mark = ";" if "sep" in head else ","
    end = rest.replace("\n", "").rstrip(";") if "sep" in head else rest.strip("\r\n")
    rows = [f"{i * i % 97}{mark}{i % 11}{end}" for i in range(60)]
    (tmp_path / "own.csv").write_bytes((head + ("\r" if "\r" in head else "\n").join(rows) + "\n").encode())
    frame = reading.frame(tmp_path / "own.csv")
    assert frame.columns.tolist() == ["x", "y"]
    assert frame["x"].tolist() == [i * i % 97 for i in range(60)]


def test_lines_of_json_are_the_same_rows_as_a_csv(tmp_path):
    frame = table(sold=["yes", None, "no"] * (ROWS // 3), tags=[["a", "b"]] * ROWS)
    frame.to_json(tmp_path / "lines.jsonl", orient="records", lines=True, double_precision=15)
    read = reading.frame(tmp_path / "lines.jsonl")
    assert kinds.guess(read["tags"]).kind == "ignored"
    frame.drop(columns="tags").to_csv(tmp_path / "rows.csv", index=False)
    pd.testing.assert_frame_equal(
        read.drop(columns="tags"), reading.frame(tmp_path / "rows.csv"), check_dtype=False, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"x": 1, "y": }', "line 3: no JSON"),
        ("[1, 2]", "line 3: .* is no row"),
        ('{"x": 1' + "0" * 5000 + "}", "line 3: no JSON"),
        ("[" * 100_000, "line 3: no JSON"),
    ],
)
def test_a_line_that_is_no_row_is_named(line, why, tmp_path):
    (tmp_path / "own.jsonl").write_text(f'{{"x": 1, "y": 2}}\n\n{line}\n')
    with pytest.raises(BenchError, match=why):
        reading.frame(tmp_path / "own.jsonl")


def test_an_empty_file_of_lines_has_no_rows(tmp_path):
    (tmp_path / "own.jsonl").write_text("\n")
    with pytest.raises(BenchError, match="has no rows"):
        reading.frame(tmp_path / "own.jsonl")
