"""Where `bench predict` and `bench export-model` write: a file that says what it is, and never over their own input."""

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "row", "rows.csv", "--output", "rows.csv"], "rows.csv has the rows to predict from"),
        (["predict", "row", "rows.csv", "--output", "./rows.csv"], "rows.csv has the rows to predict from"),
        (["predict", "row", "rows.csv", "--output", "found.txt"], "name a file that ends in .csv, .parquet"),
        (["export-model", "row", "--onnx", "model"], "name a file that ends in .onnx"),
        (["export-model", "row", "--onnx", ".onnx"], "name a file that ends in .onnx"),
    ],
)
def test_a_file_that_is_no_place_for_it_is_refused_and_stays(words, message, bench, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    code, _, errors = bench(*words)
    assert (code, errors.count("\n")) == (2, 1)
    assert message in errors
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"rows.csv": "x\n1\n"}
