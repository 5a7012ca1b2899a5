"""The files of a site: whole, linked, the same for the same records, and safe whatever a record says."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from bench.errors import BenchError
from bench.leaderboard.board import Board, LeftOut
from bench.leaderboard.publish import Made
from bench.plugins import facts as plugin_facts
from bench.site import build, curves
from support import sites
from support.board_records import FACES, record
from support.command_line import bench

pytest.importorskip("vl_convert")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    sites.make_records(folder)
    return folder


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(build, "remembered", lambda name, arguments, compute: compute())
    monkeypatch.setattr(build, "_facts", sites.facts)
    monkeypatch.setattr(build, "_vega", lambda: "window.vegaEmbed = () => Promise.resolve();\n")
    return monkeypatch


@pytest.fixture
def files(results, quick):
    return build.texts(sites.boards(results), results, results)


def test_every_board_method_and_dataset_has_a_page(files):
    assert {name for name in files if name.endswith(".html")} == {
        "index.html",
        "across.html",
        "boards/faces.html",
        "boards/faces[rows=9].html",
        "methods/index.html",
        *(f"methods/{name}.html" for name in sites.TITLES),
        "datasets/index.html",
        "datasets/faces.html",
    }


def test_every_link_leads_to_a_file_of_the_site(files):
    for name, text in files.items():
        for target in re.findall(r'(?:href|src)="([^"#][^"]*)"', text) if name.endswith(".html") else []:
            if not target.startswith(("data:", "https://arxiv.org/abs/")):
                assert (Path("/") / Path(name).parent / unquote(target)).resolve().relative_to("/").as_posix() in files


def test_the_same_records_give_the_same_bytes(files, results):
    assert build.texts(sites.boards(results), results, results) == files


def test_what_a_plugin_says_is_never_markup(files):
    assert not [name for name, text in files.items() if "<img" in text]
    assert "Ordinal &lt;/script&gt;&lt;img" in files["methods/index.html"]


def test_what_a_record_says_is_never_markup_and_a_board_without_seeds_says_so(quick, tmp_path):
    config = {"protocol": {"epochs": 90}, "overrides": {"protocol.note": sites.HOSTILE}}
    hostile = [record(row, seed, 5.0 + seed, config=config) for row in ("baseline", "oe") for seed in range(2)]
    failed = Board(replace(FACES, dataset="torus"), [record("oe", 0, dataset="torus", status="oom")])
    left_out = (LeftOut("torus", f"torus/{sites.HOSTILE}", sites.HOSTILE),)
    made = Made([Board(FACES, hostile), failed], left_out, {}, {})
    quick.setattr(curves, "curves", lambda *_: {})
    found = build.texts(made, tmp_path, tmp_path)
    assert not [name for name, text in found.items() if "<img" in text]
    assert found["boards/faces.html"].count("</script>") == found["boards/faces.html"].count("<script")
    assert "No seed has finished yet." in found["boards/torus.html"]
    assert "no seed has finished" in found["index.html"]


def test_the_first_page_says_what_to_use_how_sure_and_what_it_costs(files):
    text = " ".join(re.sub(r"<[^>]+>", " ", files["index.html"]).split())
    assert "Faces Beat plain regression: mt + oe on 2 of 2 boards, oe on 2 of 2 boards" in text
    # oe's steps take 3 ms, the baseline's 2 ms and those of the stack 6 ms
    assert re.search(
        r"faces oe or one of 1 more, as good \+14% \(\+\d+ to \+\d+\) better than the baseline, p &lt; 0.001", text
    )
    assert "1.50×" in text


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(BenchError, match="holds something other"):
        build.require(tmp_path)
    assert (tmp_path / "index.html").read_text() == "mine"


def test_without_its_library_the_command_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "find_spec", lambda _: None)
    (tmp_path / "empty").mkdir()
    said = bench("site", "--out", "s", "--results", "empty", cwd=tmp_path)
    assert said.returncode == 2
    assert "pip install 'regression-bench[site]'" in said.stderr


def test_a_site_is_written_again_over_itself_and_pages_that_are_left_over_go(results, quick, tmp_path):
    made = sites.boards(results)
    written = build.build(made, results, results, tmp_path / "s")
    before = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()}
    assert len(written) == len(before)
    (tmp_path / "s/methods/gone.html").write_text("old")
    (tmp_path / "s/notes.txt").write_text("mine")
    build.require(tmp_path / "s")
    build.build(made, results, results, tmp_path / "s")
    after = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()}
    assert after == before | {tmp_path / "s/notes.txt": b"mine"}


def test_a_method_says_all_that_bench_show_says():
    found = plugin_facts.method("ranksim")
    assert found.slots == ["regularizer"]
    assert found.certificate[1] == "5"
    assert "weight" in {row[0] for row in found.values}
    assert plugin_facts.dataset("digits").kind == "Pictures"


def test_a_reference_has_facts_without_slots():
    found = plugin_facts.method("constant")
    assert (found.slots, found.reference) == ([], True)
    assert found.values
