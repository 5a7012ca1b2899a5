"""`bench verify` on the command line: exit codes, what is printed, and cells trained again."""

import json
import shutil

import pytest

from support.command_line import TINY
from support.command_line import bench as run_bench


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    words = ["run", "--dataset", "circle", "--method", "baseline,mt", "--seeds", "2", *TINY]
    done = run_bench(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "at")
    return tmp_path / "at"


def verify(folder, *words):
    return run_bench("verify", *words, cwd=folder)


def forge(folder, cell="baseline/seed-0.json"):
    path = folder / "results/circle" / cell
    fields = json.loads(path.read_text())
    fields["metrics"]["test"]["all"]["mse"] = 0.001
    path.write_text(json.dumps(fields))


def test_what_was_trained_here_is_proved_and_trained_again_bit_for_bit(folder):
    done = verify(folder, "--rerun", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "total" in done.stdout
    assert "agrees, bit for bit" in done.stdout


@pytest.mark.parametrize(
    "dataset",
    ["nyud2[images=small]", "stsb[hidden=8,text=small]", "agedb[backbone=tiny,images=synthetic,rows=300,size=32]"],
)
def test_maps_pairs_of_sentences_and_pictures_are_proved_too(tmp_path, dataset):
    words = ["--dataset", dataset, "--method", "baseline", "--seeds", "1"]
    done = run_bench("run", *words, "--set", "protocol.epochs=2", "--set", "protocol.validate_steps=null", cwd=tmp_path)
    assert (done.returncode, "left out" in done.stdout) == (0, False), done.stderr
    assert verify(tmp_path).returncode == 0


def test_json_says_all_of_it_and_a_difference_is_exit_code_1(folder):
    forge(folder)
    done = verify(folder, "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert {one["what"] for one in said["differences"]} == {"checksum", "metrics"}
    assert {one["cell"].rpartition("/")[2] for one in said["differences"]} == {"0"}
    assert [row["proved"] for row in said["rows"]] == [1, 2]
    assert verify(folder, "--method", "mt").returncode == 0
    assert verify(folder, "--dataset", "circle", "--method", "baseline").returncode == 1


def test_a_forged_number_leaves_the_boards_and_the_run_that_follows(folder):
    forge(folder)
    assert run_bench("leaderboard", "--check", cwd=folder).returncode == 1
    done = run_bench("leaderboard", "--dataset", "circle", cwd=folder)
    assert done.returncode == 0
    assert "left out: circle/baseline/seed-0.json - checksum:" in done.stdout
    page = (folder / "leaderboard/circle.md").read_text()
    assert "## Left out" in page
    assert "0.001" not in page.partition("## Left out")[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--results", "typo"], "no results folder typo"),
        (["--dataset", "circel"], "did you mean 'circle'"),
        (["--method", "mtt"], "did you mean 'mt'"),
        (["--dataset", "["], "cannot read"),
    ],
)
def test_a_wrong_name_is_one_line_and_exit_code_2(folder, words, message):
    done = verify(folder, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["leaderboard", "--check"], ["leaderboard"], ["verify"]])
@pytest.mark.parametrize("content", ["nothing", "only what is refused"])
def test_a_folder_without_good_records_is_not_called_right(tmp_path, command, content):
    results = tmp_path / "results/circle/mt"
    results.mkdir(parents=True)
    if content == "nothing":
        shutil.rmtree(results.parent)
    else:
        (results / "seed-0.json").write_text("{")
    done = run_bench(*command, cwd=tmp_path)
    found = command == ["verify"] and content != "nothing"  # it names what it found
    assert done.returncode == (1 if found else 2)
    assert done.stderr.count("\n") == 1
    assert "no records" in done.stderr or found


def test_a_run_sets_aside_what_is_no_record_says_so_and_trains_the_cell(folder):
    path = folder / "results/circle/baseline/seed-1.json"
    path.write_text("somebody's notes")
    words = ["--dataset", "circle", "--method", "baseline", "--seeds", "2", *TINY]
    planned = run_bench("plan", *words, cwd=folder)
    assert "1 files are not the records of their cells" in planned.stdout
    done = run_bench("run", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "somebody's notes" in path.with_name("seed-1.json.aside").read_text()
    assert verify(folder).returncode == 0
