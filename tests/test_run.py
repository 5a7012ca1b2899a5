"""The whole way through the command line, in processes of their own where that matters."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import cli, records

TINY = ["--set", "protocol.epochs=4", "--set", "protocol.validate_every=2"]


def bench(*words, cwd, **kwargs):
    command = [sys.executable, "-m", "bench", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300, **kwargs)


def tiny(cwd, *words, method="baseline", seeds="2"):
    return bench("run", "--method", method, "--dataset", "circle", "--seeds", seeds, *TINY, *words, cwd=cwd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    result = tiny(folder, method="baseline,mt")
    assert result.returncode == 0, result.stderr
    return folder, result


def numbers(folder):
    found = records.read_all(folder / "results")
    return {(r.method, r.seed): (r.key, r.metrics, r.selection, r.predictions) for r in found}


def test_a_run_leaves_records_prints_its_board_and_writes_it(finished):
    folder, result = finished
    assert set(numbers(folder)) == {(method, seed) for method in ("baseline", "mt") for seed in (0, 1)}
    assert "baseline" in result.stdout
    assert (folder / "leaderboard/circle.md").is_file()
    assert (folder / "leaderboard/README.md").is_file()
    assert "[4/4]" in result.stderr


def test_a_second_run_trains_nothing_and_says_so(finished):
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in folder.glob("results/*/*/*.json")}
    result = tiny(folder, method="baseline,mt")
    assert result.returncode == 0
    assert "nothing to train: 4 of 4 cells are done" in result.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.glob("results/*/*/*.json")} == before


def test_the_same_cell_gives_the_same_numbers_in_another_folder_and_one_worker(finished, tmp_path):
    assert tiny(tmp_path, "--jobs", "1", method="baseline,mt").returncode == 0
    assert numbers(tmp_path) == numbers(finished[0])


def test_other_settings_make_stale_cells_that_are_kept_until_asked(finished, tmp_path):
    assert tiny(tmp_path, seeds="1").returncode == 0
    changed = [
        "run",
        "--method",
        "baseline",
        "--dataset",
        "circle",
        "--seeds",
        "1",
        "--set",
        "protocol.epochs=2",
    ]
    kept = bench(*changed, cwd=tmp_path)
    assert "1 cells are stale" in kept.stderr
    key = numbers(tmp_path)["baseline", 0][0]
    assert key == numbers(finished[0])["baseline", 0][0]
    assert bench(*changed, "--stale", "rerun", cwd=tmp_path).returncode == 0
    assert numbers(tmp_path)["baseline", 0][0] != key


def test_plan_shows_what_would_run_and_what_is_done(finished):
    folder, _ = finished
    result = bench("plan", "--method", "baseline,oe", "--dataset", "circle", "--seeds", "3", *TINY, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "4 cells to run" in result.stdout
    assert not (folder / "results/circle/oe").exists()


def test_killing_a_run_and_starting_it_again_gives_the_numbers_of_an_undisturbed_one(tmp_path):
    words = [
        "run",
        "--method",
        "baseline,mt",
        "--dataset",
        "circle",
        "--seeds",
        "3",
        "--set",
        "protocol.epochs=300",
    ]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    assert bench(*words, cwd=whole).returncode == 0
    process = subprocess.Popen([sys.executable, "-m", "bench", *words], cwd=broken, stderr=subprocess.DEVNULL)
    for _ in range(2400):
        if list(broken.glob("results/*/*/seed-*.json")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert bench(*words, cwd=broken).returncode == 0
    assert numbers(broken) == numbers(whole)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_ctrl_c_stops_in_one_line_and_keeps_what_had_finished(tmp_path):
    command = [
        sys.executable,
        "-m",
        "bench",
        "run",
        "--method",
        "baseline",
        "--dataset",
        "circle",
        "--jobs",
        "1",
    ]
    process = subprocess.Popen(
        [*command, "--set", "protocol.epochs=1000"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    for _ in range(2400):
        if list(tmp_path.glob("results/*/*/seed-*.json")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("bench: stopped")
    assert "Traceback" not in errors
    assert records.read_all(tmp_path / "results")


BROKEN = '''"""A method that fails in its own way.

None. Follows nothing.
Differs: it fails.
"""

import os
import time

from bench.method import Method


class Broken(Method):
    """Fail. Args: how: crash, raise, hang or diverge."""

    def __init__(self, how: str = "raise") -> None:
        super().__init__()
        self.how = how

    def loss(self, batch):
        if self.how == "crash":
            os.abort()
        if self.how == "hang":
            time.sleep(600)
        if self.how == "raise":
            raise RuntimeError("as told")
        return super().loss(batch) * float("nan")
'''


@pytest.fixture
def broken_plugin(tmp_path):
    package = tmp_path / "site"
    package.mkdir()
    (package / "broken_method.py").write_text(BROKEN)
    info = package / "broken_method-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-method\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[bench.methods]\nbroken = broken_method\n")
    return os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_a_crash_a_hang_and_an_exception_become_records_and_the_others_go_on(tmp_path, broken_plugin):
    how = {"crash": "killed", "raise": "error", "hang": "timeout", "diverge": "diverged"}
    methods = ",".join([*(f"broken[how={key}]" for key in how if key != "raise"), "broken", "baseline"])
    result = bench(
        "run", "--method", methods, "--dataset", "circle", "--seeds", "1", *TINY, "--timeout", "20",
        cwd=tmp_path, env=broken_plugin,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    status = {r.method: r.status for r in records.read_all(tmp_path / "results")}
    assert status == {
        "broken[how=crash]": "killed",
        "broken": "error",
        "broken[how=hang]": "timeout",
        "broken[how=diverge]": "diverged",
        "baseline": "ok",
    }
    again = ["run", "--method", "broken", "--dataset", "circle", "--seeds", "1", *TINY]
    assert "1 cells failed before" in bench(*again, cwd=tmp_path, env=broken_plugin).stderr
    assert "[1/1]" in bench(*again, "--retry", "failed", cwd=tmp_path, env=broken_plugin).stderr


def call(capsys, *words):
    """The command line in this process: exit code, standard output, standard error."""
    sys.argv = ["bench", *map(str, words)]
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code, *capsys.readouterr()


RUN = ["run", "--dataset", "circle", "--method"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*RUN, "rankism"], "did you mean 'ranksim'"),
        (["run", "--method", "oe", "--dataset", "cirlce"], "did you mean 'circle'"),
        ([*RUN, "oe[wieght=1]"], "no parameter 'wieght'"),
        ([*RUN, "oe", "--seed", "0,x"], "cannot read the seeds"),
        ([*RUN, "oe", "--seed", "5-3"], "run backwards"),
        ([*RUN, "oe", "--seeds", "0"], "no number of seeds"),
        ([*RUN, "oe", "--seeds", "2", "--seed", "1"], "not both"),
        ([*RUN, "oe", "--set", "epochs=5"], "protocol.FIELD=VALUE"),
        ([*RUN, "oe", "--set", "protocol.epoch=5"], "no protocol field 'epoch'"),
        ([*RUN, "oe", "--device", "tpu"], "no device 'tpu'"),
        ([*RUN, "oe", "--retry", "all"], "no status 'all'"),
        ([*RUN, "oe", "--stale", "keep"], "--stale rerun"),
        ([*RUN, "oe", "--jobs", "0"], "jobs"),
        ([*RUN, "lds"], "not defined"),
        ([*RUN, "mt+mt"], "twice"),
        (["run", "--method", "oe"], "--dataset"),
        (["show", "nothing"], "no method or dataset 'nothing'"),
        (["check", "board", "oe"], "bench check method NAME"),
        (["leaderboard", "--dataset", "circle"], "no records"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = call(capsys, *words)
    assert code == 2
    assert errors.count("\n") == 1
    assert message in errors
    assert not list(tmp_path.iterdir())


def test_missing_data_stops_at_once_and_says_what_to_do(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, errors = call(capsys, "run", "--method", "baseline", "--dataset", "airfoil", "--data", tmp_path / "none")
    assert code == 2
    assert "bench data fetch airfoil" in errors
    assert "airfoil[rows=synthetic]" in errors


def test_a_results_folder_that_cannot_be_written_is_named_before_training(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("results").write_text("a file where a folder should be")
    code, _, errors = call(capsys, *RUN, "baseline", "--seeds", "1", *TINY)
    assert code == 2
    assert "--results" in errors


def test_a_record_cut_in_half_stops_the_run_with_its_path(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("results/circle/baseline/seed-0.json")
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 1, "key": "ab')
    code, _, errors = call(capsys, *RUN, "baseline", "--seeds", "1", *TINY)
    assert code == 2
    assert "seed-0.json is not a whole record" in errors


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--matrix"], ["show", "oe"], ["show", "circle"], ["data", "status"], ["schema"]]
)
def test_pages_print(words, capsys):
    code, out, errors = call(capsys, *words)
    assert code == 0
    assert len(out) > 200
    assert not errors


def test_the_schema_command_prints_json(capsys):
    _, out, _ = call(capsys, "schema")
    assert json.loads(out)["title"] == "Record"
