"""Analyses over records: which count, what is left out, and analyses of third parties."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.analysis import Analysis, Kept
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import store
from bench.runs import analyse, cells, worker
from bench.runs.analyse import modules
from bench.runs.findings import of_csv
from bench.runs.surroundings import RunContext
from support import foreign

NAME = "airfoil[rows=synthetic]"
TINY = {"protocol.epochs": 2, "protocol.validate_every": 1}


@pytest.fixture(scope="module")
def trained():
    on = resolve.dataset(NAME, TINY)
    fingerprint = cells.load(on, Path()).fingerprint()
    asked = [("baseline", 0, True), ("baseline", 1, True), ("mt", 0, True), ("mt", 1, False)]
    return [
        worker.run(
            cells.make(on, resolve.method(method, on), seed, fingerprint, TINY),
            RunContext(".", keep_features=keep),
            lambda _: None,
        )
        for method, seed, keep in asked
    ]


@pytest.fixture
def results(trained, tmp_path):
    for one in trained:
        store.write(tmp_path / "results", one.record, one.predictions)
    return tmp_path / "results"


def test_every_analysis_of_ours_measures_what_it_says_and_says_what_it_is(trained):
    columns = trained[2].predictions
    parts = ("", "/labels", "/start", "/head", "/heads", "/epochs")
    kept = Kept(*(columns[f"features{part}"].astype(float) for part in parts))
    assert set(modules()) == {"ordinality", "theta", "tightness", "uniformity", "updates"}
    for name in modules():
        analysis = analyse.load(name)
        assert analysis.measure(kept).keys() == analysis.measures.keys()
        assert all(np.isfinite(value) for value in analysis.measure(kept).values())
        assert analysis.__doc__
        assert all(analysis.measures.values())


def test_records_with_features_are_measured_and_the_others_are_not(results, trained):
    found = analyse.analyse(["tightness", "updates"], results)
    assert [(cell.method, cell.seed) for cell in found.cells] == [("baseline", 0), ("baseline", 1), ("mt", 0)]
    first = found.cells[0]
    assert (first.metric, first.error) == ("mae", trained[0].record.metrics["test"]["all"]["mae"])
    kept = analyse.read(results, trained[0].record)
    expected = analyse.load("tightness").measure(kept)
    assert first.values["spread"] == pytest.approx(expected["spread"])
    assert found.left_out == []


def test_a_row_has_mean_and_deviation_over_seeds(results):
    rows = analyse.analyse(["tightness"], results, NAME).as_json()["rows"]
    assert [(row["method"], row["seeds"]) for row in rows] == [("baseline", [0, 1]), ("mt", [0])]
    values = [cell.values["spread"] for cell in analyse.analyse(["tightness"], results, method="baseline").cells]
    spread = rows[0]["values"]["spread"]
    assert spread == pytest.approx({"mean": np.mean(values), "sd": np.std(values, ddof=1)})
    assert rows[1]["values"]["spread"]["sd"] is None
    json.dumps(rows, allow_nan=False)


def test_a_csv_reads_back(results):
    found = analyse.analyse(["tightness"], results)
    again = of_csv(found.as_csv(), found.measures)
    assert again.measures == found.measures
    for one, other in zip(again.cells, found.cells, strict=True):
        assert (one.dataset, one.method, one.seed, one.metric) == (
            other.dataset,
            other.method,
            other.seed,
            other.metric,
        )
        assert one.values == pytest.approx(other.values, rel=1e-5)
        assert one.error == pytest.approx(other.error, rel=1e-5)


def test_damaged_features_and_stale_records_are_left_out_and_said(results, trained, monkeypatch):
    path = results / NAME / "mt" / "features-0.npz"
    path.write_bytes(path.read_bytes()[:-40])
    monkeypatch.setattr(analyse, "remembered", lambda name, asked, compute: compute())
    today = analyse.catalogue.config_today
    found = analyse.analyse(["tightness"], results)
    assert {cell.method for cell in found.cells} == {"baseline"}
    assert "left out airfoil[rows=synthetic]/mt/0" in found.left_out[0]
    other = lambda dataset, method, overrides: None if method == "baseline" else today(dataset, method, overrides)  # noqa: E731
    monkeypatch.setattr(analyse.catalogue, "config_today", other)
    found = analyse.analyse(["tightness"], results)
    assert found.cells == []
    assert "2 records are stale" in found.left_out[0]


def test_a_sample_has_the_same_rows_of_every_record_and_of_start_and_labels_alike():
    z = np.arange(40.0)[:, None]
    sampled = Kept(z, z, z).sample(10)
    np.testing.assert_array_equal(sampled.z, sampled.labels)
    np.testing.assert_array_equal(sampled.z, sampled.start)
    np.testing.assert_array_equal(sampled.z, Kept(z, z).sample(10).z)
    assert len(np.unique(sampled.z)) == 10
    assert len(Kept(z, z).sample(40).z) == 40


def test_unknown_names_are_refused_with_what_there_is(results, trained):
    with pytest.raises(BenchError, match="did you mean 'tightness'"):
        analyse.analyse(["tightnes"], results)
    with pytest.raises(BenchError, match="no dataset with results 'circle'"):
        analyse.analyse(["tightness"], results, "circle")
    with pytest.raises(BenchError, match="no method with results 'oe'"):
        analyse.analyse(["tightness"], results, method="oe")
    store.write(results.parent / "bare", trained[3].record, trained[3].predictions)
    with pytest.raises(BenchError, match="train some with bench run --keep features"):
        analyse.analyse(["tightness"], results.parent / "bare")


THEIRS = '''"""Theirs."""

from bench.analysis import Analysis


class Rows(Analysis):
    """How many rows there are."""

    measures = {"rows": "rows"}

    def measure(self, kept):
        return {"rows": len(kept.z)}
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    def install(source, name="rows"):
        module = f"theirs_{abs(hash(source))}"
        points = {"analyses": {name: module}}
        foreign.install(tmp_path / "site", {module: source}, points)
        monkeypatch.syspath_prepend(tmp_path / "site")

    analyse.load.cache_clear()
    yield install
    analyse.load.cache_clear()


def test_a_third_partys_analysis_is_found_by_its_entry_point(installed, results):
    installed(THEIRS)
    found = analyse.analyse(["rows"], results, rows=50)
    assert [cell.values for cell in found.cells] == [{"rows": 50.0}] * 3
    assert issubclass(type(analyse.load("rows")), Analysis)


def test_one_that_cannot_be_used_is_said_in_a_line(installed):
    installed("import nothing_of_this_name")
    with pytest.raises(BenchError, match=r"the analysis 'rows' is broken: .*nothing_of_this_name"):
        analyse.load("rows")


def test_none_takes_the_name_of_one_of_ours(installed):
    installed(THEIRS, "tightness")
    assert modules()["tightness"] == "bench.analyses.tightness"
