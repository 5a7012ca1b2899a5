"""A suite runs what it says, leaves a copy that runs again and trains nothing, and refuses what it cannot read."""

import os
import tomllib

import pandas as pd
import pytest

from bench.atomic import write_asked_for
from bench.errors import BenchError
from bench.results import store
from bench.runs import suite as suites
from support.command_line import bench

SUITE = """
methods = ["baseline", "references"]
datasets = ["circle", "own.csv"]
seeds = [0, 4]
target = "y"

[protocol]
epochs = 2
"""


OUTSIDE = ("../x", "a/../../x", "/x", "~/x", "C:/x", "..", ".", "con")


@pytest.fixture
def folder(tmp_path):
    pd.DataFrame({"x": [i * i % 11 for i in range(60)], "y": [i % 7 for i in range(60)]}).to_csv(tmp_path / "own.csv")
    (tmp_path / "my.toml").write_text(SUITE)
    (tmp_path / "else").mkdir()
    return tmp_path


@pytest.mark.slow
def test_it_runs_and_its_frozen_copy_runs_again(folder):
    done = bench("suite", "../my.toml", cwd=folder / "else")
    assert done.returncode == 0, done.stderr
    found = {(r.dataset, r.method, r.seed) for r in store.read_all(folder / "results")}
    assert {("circle", "baseline", 0), ("circle", "baseline", 4), ("own", "baseline", 4), ("own", "trees", 0)} < found
    assert {r.config["overrides"].get("protocol.epochs") for r in store.read_all(folder / "results", "circle")} >= {2}
    assert (folder / "leaderboard/own.md").exists()
    copy = tomllib.loads((folder / "my.frozen.toml").read_text())
    assert copy["methods"] == ["baseline", "constant", "forest", "knn", "linear", "trees"]
    assert copy["datasets"] == ["circle", "own.csv"]
    assert {"regression-bench", "commit", "torch"} == copy["frozen"].keys()
    again = bench("suite", "my.frozen.toml", cwd=folder)
    assert again.returncode == 0
    assert "nothing to train" in again.stderr
    apart = bench("suite", "my.toml", "--results", "else/results", cwd=folder)
    assert apart.returncode == 0
    assert len(store.read_all(folder / "else/results")) == len(found)
    assert (folder / "else/my.frozen.toml").exists()
    assert "another program" not in again.stdout
    text = (folder / "my.frozen.toml").read_text().replace('torch = "', 'torch = "1.')
    (folder / "my.frozen.toml").write_text(text)
    assert "another program: torch 1." in bench("suite", "my.frozen.toml", cwd=folder).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "methods"),
        ("methods = []\ndatasets = ['circle']", "methods"),
        ("methods = ['baseline']", "datasets"),
        ("methods = ['baseline']\ndatasets = ['circle']\nseeds = 0", "seeds"),
        ("methods = ['baseline']\ndatasets = ['circle']\nseeds = [-1]", "seeds"),
        ("methods = ['baseline']\ndatasets = ['circle']\nseeds = true", "seeds"),
        ("methods = ['baseline']\ndatasets = ['circle']\nseed = 3", "seed"),
        ("methods = ['nothing']\ndatasets = ['circle']", "nothing"),
        ("methods = ['baseline']\ndatasets = ['nothing']", "nothing"),
        ("methods = ['baseline']\ndatasets = ['nothing.csv']\ntarget = 'y'", "nothing.csv"),
        ("methods = ['baseline']\ndatasets = ['circle']\nprotocol = {nothing = 1}", "nothing"),
        ("methods = ['baseline']\ndatasets = ['circle']\nresults = ''", "results"),
        *((f"methods = ['baseline']\ndatasets = ['circle']\nresults = '{there}'", "results") for there in OUTSIDE),
        ("methods = [", "no TOML"),
        ("\udcff", "UTF-8"),
    ],
)
def test_what_it_cannot_be_is_one_line(text, message, tmp_path):
    (tmp_path / "my.toml").write_bytes(text.encode(errors="surrogateescape"))
    done = bench("suite", "my.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.toml"]


def test_a_link_below_its_folder_leads_no_records_out(tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "suite/on").symlink_to(tmp_path / "else")
    (tmp_path / "suite/my.toml").write_text(SUITE.replace("seeds", "results = 'on/results'\nseeds"))
    done = bench("suite", "suite/my.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not list((tmp_path / "else").iterdir())


def test_a_frozen_copy_beside_records_elsewhere_finds_its_files(folder):
    chosen = suites.read(folder / "my.toml")
    names = ["baseline"], ["circle", "own.csv", "sub/b.toml[split=natural]", "hf:a/b", "/c.csv"]
    text = suites.frozen(chosen, folder, folder / "else/records", names, {})
    (folder / "else/my.frozen.toml").write_text(text)
    again = suites.read(folder / "else/my.frozen.toml")
    assert again.datasets == ["circle", "../own.csv", "../sub/b.toml[split=natural]", "hf:a/b", "/c.csv"]
    assert suites.results(again, folder / "else/my.frozen.toml") == folder / "else/records"
    given = suites.datasets(again, folder / "else").split(",")
    assert given == ["circle", *(f"{folder}/else/{name}" for name in again.datasets[1:3]), "hf:a/b", "/c.csv"]


def test_no_suite_is_one_line(tmp_path):
    done = bench("suite", "nothing.toml", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("words", [["suite"], ["data", "describe"], ["plan", "--method", "baseline", "--dataset"]])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(words, tmp_path):
    os.mkfifo(tmp_path / "mine.toml")
    done = bench(*words, "mine.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine.toml is no file; name the file of a" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_no_file_takes_the_place_of_a_pipe_or_device(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BenchError, match="pipe: it is no plain file; name another file"):
        write_asked_for(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()
