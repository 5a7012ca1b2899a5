"""Numbers, dates and categories as people and programs write them, in training and in new rows."""

import numpy as np
import pandas as pd
import pytest

from bench.described import columns, kinds, reading, writing
from bench.described.numbers import numbers
from bench.errors import BenchError


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (["12,345", "850", "1,234,567"], [12345, 850, 1234567]),
        (["12,345", "123,456"], [12345, 123456]),
        (["1,5", "2", "3,25"], [1.5, 2, 3.25]),
        (["1.234,50", "850,00", "-2.000.000,5"], [1234.5, 850, -2000000.5]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["$1,200.50", "-$3", "$ .5"], [1200.5, -3, 0.5]),
        (["12,5 €", "1.000 €"], [12.5, 1000]),
        (["1 200", "3\u202f000\u202f000", "7"], [1200, 3000000, 7]),
        (["1'200.5", "3"], [1200.5, 3]),
        (["12%", "3.5 %"], [12, 3.5]),
        (["36 months", "60 months"], [36, 60]),
        (["(1,200)", "3", "\u22124"], [-1200, 3, -4]),
        (["1.5e3 kg", "2 kg"], [1500, 2]),
    ],
)
def test_a_number_is_read_however_it_is_written(texts, meant):
    assert numbers(pd.Series(texts, index=[7] * len(texts))).tolist() == meant  # an index may repeat


@pytest.mark.parametrize(
    "texts",
    [
        ["5 kg", "5 lb"],
        ["2024-01-02", "2024-01-03"],
        ["01.02.2024", "03.02.2024"],
        ["10-20", "20-30"],
        ["A1", "A2"],
        ["1.2.3", "1.2.4"],
        ["(5", "6)"],
        ["0.png", "1.png"],
        ["0_a.png", "1_a.png"],
    ],
)
def test_other_texts_stay_texts(texts):
    assert numbers(pd.Series(texts)).tolist() == texts


def test_a_comma_where_semicolons_part_cells_stands_before_decimals(tmp_path):
    (tmp_path / "own.csv").write_text("x;y\n1,234;1\n5,678;2\n")
    assert reading.frame(tmp_path / "own.csv")["x"].tolist() == [1.234, 5.678]


def test_a_target_may_be_money_and_one_that_is_no_number_is_refused_as_such(tmp_path):
    money = pd.DataFrame({"x": np.cos(range(30)), "y": [f"${1000 + 7 * row % 90:,}" for row in range(30)]})
    money.to_csv(tmp_path / "own.csv", index=False)
    assert "start = 1000" in writing.describe(tmp_path / "own.csv", "y", tmp_path, "own").text
    money["y"] = [f"some words on row {row}" for row in range(30)]
    money.to_csv(tmp_path / "own.csv", index=False)
    with pytest.raises(BenchError, match="the target 'y' is 'some words on row 0' in row 1, and a target is a number"):
        writing.describe(tmp_path / "own.csv", "y", tmp_path, "own")


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y %H:%M", "%m/%d/%Y", "%Y-%m-%d"])
def test_days_and_months_are_told_apart_by_the_whole_column(form):
    days = pd.Series(pd.date_range("2024-01-05", periods=40))
    texts = days.dt.strftime(form)
    assert kinds.guess(texts).kind == "date"
    assert kinds.dates(texts).tolist() == days.tolist()


def test_a_new_row_has_its_days_where_training_had_them():
    table = pd.DataFrame({"day": ["03/04/2024", "24/12/2024"]})
    states = columns.fit(table, {"day": "date"})
    alone, both = columns.matrix(table[:1], states)[0], columns.matrix(table, states)[0]
    np.testing.assert_array_equal(alone, both[:1])


def test_a_category_is_the_same_whatever_else_a_file_holds(tmp_path):
    words = ["01", "3.0", "36 months", "true", "12:30", "flexible", "1234567", "1234568"]
    table = pd.DataFrame({"plan": words * 2, "x": range(16)})
    table.to_csv(tmp_path / "all.csv", index=False)
    states = columns.fit(reading.frame(tmp_path / "all.csv", ["plan"]), {"plan": "category"})
    for place in range(len(words)):
        table[place : place + 1].to_csv(tmp_path / "one.csv", index=False)
        flags = columns.matrix(reading.frame(tmp_path / "one.csv", ["plan"]), states)[0]
        assert flags[0, :-1].sum() == 1, words[place]
    assert len(states[0]["values"]) == len(words)


def test_two_words_for_yes_are_no_boolean():
    assert kinds.guess(pd.Series(["y", "t"] * 5)).kind == "category"
    assert kinds.guess(pd.Series(["y", "f"] * 5)).kind == "boolean"


def test_a_column_may_be_named_self(tmp_path):
    (tmp_path / "own.csv").write_text("self,y\n1,2\n")
    assert reading.frame(tmp_path / "own.csv").columns.tolist() == ["self", "y"]


@pytest.mark.parametrize("word", [".", "n.a.", "none", "unknown"])
def test_a_few_words_among_numbers_say_that_they_are_missing(word):
    some = [str(row) for row in range(12)]
    assert numbers(pd.Series([word, *some])).isna().tolist() == [True] + [False] * 12
    for values in ([*some, *"abcd"], [*some, "1a"], ["1", "2", word]):  # a category, codes, a category
        assert not pd.api.types.is_numeric_dtype(numbers(pd.Series(values)))


@pytest.mark.parametrize(
    "text", ["x y\n1 2\n3   4\n", "# made on monday\nx,y\n1,2\n3,4\n", "# a\n# b\nx y\n1 2\n3 4\n"]
)
def test_spaces_between_cells_and_notes_before_them_are_read(text, tmp_path):
    (tmp_path / "own.txt").write_text(text)
    assert reading.frame(tmp_path / "own.txt").to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("scale", "unit"), [(1e-300, "smaller"), (1e40, "larger")])
def test_a_target_beyond_single_precision_says_which_unit_it_needs(scale, unit):
    with pytest.raises(BenchError, match=f"give it in a {unit} unit"):
        reading.require_learnable(np.arange(1.0, 30)[:, None] * scale, ["y"], "own.csv")
