"""Descriptions and tables that cannot be meant: each is one line in plain English, before anything is written."""

import json

import numpy as np
import pandas as pd
import pytest

from bench.errors import BenchError
from bench.plugins import described, resolve
from support.command_line import bench

GOOD = """kind = "table"
path = "own.csv"
target = "y"
[columns]
x = "numeric"
c = "category"
[split]
way = "natural"
[bins]
start = -8
width = 1
number = 16
[shots]
many = 20
few = 5
"""


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(described, "_known", {})


@pytest.fixture
def table():
    x = np.random.default_rng(0).standard_normal(60)
    return pd.DataFrame({"x": x, "c": list("abc") * 20, "y": 2 * x + np.random.default_rng(1).standard_normal(60)})


def made(table, folder, *more):
    table.to_csv(folder / "own.csv", index=False)
    return bench("new", "dataset", "own.csv", "--target", "y", *more, cwd=folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"table"', '["table"]'), 'own.toml: kind is ["table"]; there are: table, pictures, texts'),
        (('x = "numeric"', 'y = "numeric"'), "y is the target, which cannot go in; take it out"),
        (('c = "category"', 'c = "numeric"'), "the column 'c' is 'a', which is not numeric; give it another kind"),
        (('x = "numeric"', 'x = "boolean"'), "which is not boolean; give it another kind"),
        (('target = "y"', "target = []"), "own.toml: target is empty; mend it"),
        (('target = "y"', "target = 3"), "own.toml: target is no name, and no list of names; mend it"),
        (('target = "y"', 'target = "y"\nunit = "|"'), "own.toml: unit is '|': it is one line without"),
    ],
)
def test_a_description_that_cannot_be_meant_is_refused_in_plain_words(change, message, table, tmp_path):
    table.to_csv(tmp_path / "own.csv", index=False)
    (tmp_path / "own.toml").write_text(GOOD.replace(*change))
    described.register(described.read(tmp_path / "own.toml"))
    with pytest.raises(BenchError) as error:
        resolve.dataset("own").dataset.load(tmp_path)
    assert message in str(error.value)


def test_a_column_is_ignored_where_only_some_cells_are_objects(table, tmp_path):
    rows = [{**row, "odd": {"a": 1} if n % 2 else n} for n, row in enumerate(table.to_dict("records"))]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = bench("new", "dataset", "own.jsonl", "--target", "y", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert 'odd = "ignored"  # it holds lists, tables or bytes' in (tmp_path / "own.toml").read_text()


def test_the_largest_numbers_of_a_column_give_no_warning(table, tmp_path):
    table["x"] *= 1e308 / table["x"].abs().max()
    table["infinite"] = np.inf
    assert made(table, tmp_path).returncode == 0
    assert 'infinite = "ignored"' in (tmp_path / "own.toml").read_text()


@pytest.mark.parametrize("weight", [-1, 0, np.nan, np.inf, 1e308, "heavy"])
def test_a_weight_that_cannot_be_one_is_refused_before_anything_is_written(weight, table, tmp_path):
    result = made(table.assign(w=weight), tmp_path, "--weight", "w")
    assert result.returncode == 2
    assert "the weight" in result.stderr
    assert not (tmp_path / "own.toml").exists()


def test_why_no_column_is_left_is_said(tmp_path):
    result = made(pd.DataFrame({"x": range(50), "y": np.random.default_rng(0).random(50)}), tmp_path)
    assert "from; 'x' is left out: another number in each row" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["new", "dataset", "~nobody_of_this_name/x.csv", "--target", "y"],
        ["data", "describe", "~nobody_of_this_name/x.csv", "--target", "y"],
        ["data", "describe", "~nobody_of_this_name/x.toml"],
        ["predict", "~nobody_of_this_name/x", "x.csv"],
    ],
    ids=" ".join,
)
def test_the_home_of_nobody_is_one_line_wherever_a_file_is_named(words, tmp_path):
    result = bench(*words, cwd=tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "nobody here has this home folder" in result.stderr
