"""`bench.plot`: the site's charts in a notebook and as files."""

import json

import pytest

import bench
from bench.errors import BenchError
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


def test_what_cannot_be_drawn_is_said(results, tmp_path):
    with pytest.raises(BenchError, match="no results folder"):
        bench.plot.ranks(tmp_path / "nothing")
    with pytest.raises(BenchError, match="no records"):
        bench.plot.ranks(tmp_path)
    with pytest.raises(BenchError, match="too few boards"):
        bench.plot.ranks(results)
    with pytest.raises(BenchError):
        bench.plot.seeds("nothing", results)
    with pytest.raises(BenchError, match=r"ends in \.png"):
        bench.plot.Chart({}, "").save(tmp_path / "x.pdf")
