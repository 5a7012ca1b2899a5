"""`bench.plot`: the site's charts in a notebook and as files."""

import json

import numpy as np
import pytest

import bench
from bench.errors import BenchError
from bench.results import store
from bench.runs import analyse
from support.command_line import TINY
from support.command_line import bench as call


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot")
    words = ["--method", "baseline,mt", "--dataset", "concrete[rows=synthetic]", "--seeds", "2", *TINY]
    assert call("run", *words, cwd=folder).returncode == 0
    return folder / "results"


@pytest.mark.parametrize("name", ["seeds", "learning", "cost", "error_by_label"])
def test_a_chart_is_vega_lite_in_real_colours_and_a_picture(name, results, tmp_path):
    pytest.importorskip("vl_convert")
    chart = getattr(bench.plot, name)("concrete[rows=synthetic]", results)
    assert "var(--" not in json.dumps(chart.spec)
    shown = chart._repr_mimebundle_()
    assert shown["application/vnd.vegalite.v6+json"] == chart.spec
    starts = {".png": b"\x89PNG", ".svg": b"<svg", ".html": b"<!DOCTYPE html", ".json": b"{"}
    for suffix, start in starts.items():
        assert chart.save(tmp_path / f"chart{suffix}").read_bytes().lstrip().startswith(start)


def test_features_lie_in_their_principal_plane_in_the_colour_of_their_label(tmp_path):
    words = ["--method", "baseline", "--dataset", "circle", "--seeds", "1", *TINY, "--keep", "features"]
    assert call("run", *words, cwd=tmp_path).returncode == 0
    results = tmp_path / "results"
    (record,) = store.read_all(results)
    kept = analyse.read(results, record).sample(analyse.ROWS)
    chart = bench.plot.features("circle", results=results)
    points = chart.spec["data"]["values"]
    assert [point["label"] for point in points] == kept.labels[:, 0].tolist()
    x = np.array([[point["x"], point["y"]] for point in points])
    variances = np.sort(np.linalg.eigvalsh(np.cov(kept.z.T)))[::-1]
    np.testing.assert_allclose(np.cov(x.T), np.diag(variances[:2]), atol=1e-6)
    assert len(bench.plot.features("circle", results=results, moves=True).spec["layer"]) == 2
    with pytest.raises(BenchError, match="with seed 3"):
        bench.plot.features("circle", seed=3, results=results)
    (row,) = bench.plot.analysis("tightness", results=results, measures="spread").spec["vconcat"]
    (panel,) = row["hconcat"]
    assert [point["method"] for point in panel["data"]["values"]] == [record.method]
    with pytest.raises(BenchError, match="no measure 'spraed'; did you mean 'spread'"):
        bench.plot.analysis("tightness", results=results, measures="spraed")


def test_what_cannot_be_drawn_is_said(results, tmp_path):
    with pytest.raises(BenchError, match="no results folder"):
        bench.plot.ranks(tmp_path / "nothing")
    with pytest.raises(BenchError, match="no records"):
        bench.plot.ranks(tmp_path)
    with pytest.raises(BenchError, match="too few boards"):
        bench.plot.ranks(results)
    with pytest.raises(BenchError):
        bench.plot.seeds("nothing", results)
    with pytest.raises(BenchError, match="it keeps none; train it with --keep features"):
        bench.plot.features("concrete[rows=synthetic]", results=results)
    with pytest.raises(BenchError, match=r"ends in \.png"):
        bench.plot.Chart({}, "").save(tmp_path / "x.pdf")
