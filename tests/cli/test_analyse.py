"""`bench analyse` on the command line."""

import json

import pytest

from support.command_line import bench

WORDS = ["--set", "protocol.epochs=1", "--seeds", "2", "--keep", "features"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("analyse")
    done = bench("run", "--dataset", "circle", "--method", "baseline,mt,oe,ranksim", *WORDS, cwd=made)
    assert done.returncode == 0, done.stderr
    return made


def said(folder, *words):
    done = bench("analyse", *words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_without_a_name_all_are_listed_with_what_they_are(folder):
    names = [line.split()[0] for line in said(folder).splitlines()]
    assert names == ["ordinality", "tightness", "uniformity", "updates"]


def test_a_row_a_method_with_mean_and_deviation_and_what_each_measure_is(folder):
    text = said(folder, "tightness", "--rows", "100")
    assert len([line for line in text.splitlines() if line.startswith("| circle")]) == 4
    assert " ± " in text
    assert "spread: mean distance to the 10 rows" in text


def test_json_has_rows_and_cells_and_against_the_error_correlations(folder):
    words = ("tightness,uniformity", "--rows", "100", "--json")
    found = json.loads(said(folder, *words))
    assert (len(found["rows"]), len(found["cells"])) == (4, 8)
    assert set(found["rows"][0]["values"]) == set(found["measures"])
    told = json.loads(said(folder, *words, "--against-error"))
    assert {one["measure"] for one in told} == set(found["measures"]) - {"homogeneity"}
    assert all(-1 <= one["low"] <= one["high"] <= 1 for one in told)
    assert "| spread" in said(folder, "tightness", "--rows", "100", "--against-error")


def test_charts_and_values_are_written(folder):
    pytest.importorskip("vl_convert")
    said(folder, "tightness", "--rows", "100", "--out", "a.svg", "--out", "a.csv", "--out", "a.html")
    assert (folder / "a.svg").read_text().startswith("<svg")
    assert "spread" in (folder / "a.svg").read_text()
    assert len((folder / "a.csv").read_text().splitlines()) == 9
    assert (folder / "a.html").read_text().startswith("<!DOCTYPE html")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tightnes"], "no analysis 'tightnes'; did you mean 'tightness'?"),
        ([""], "no analysis given"),
        (["tightness,"], "one comma between each two"),
        (["tightness", "--rows", "1"], "--rows 1 cannot be; write a number from 10"),
        (["tightness", "--out", "x.pdf"], "cannot write x.pdf; name a file that ends in .csv"),
        (["tightness", "--out", "nowhere/x.csv"], "cannot write nowhere/x.csv"),
        (["tightness", "--results", "nowhere"], "no results folder nowhere"),
        (["tightness", "--dataset", "torus"], "no dataset with results 'torus'"),
    ],
)
def test_wrong_words_are_one_line(words, message, folder):
    done = bench("analyse", *words, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
