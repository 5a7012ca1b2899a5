"""The whole way through the command line, in processes of their own where that matters."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import cli
from bench.results import store

TINY = ["--set", "protocol.epochs=4", "--set", "protocol.validate_every=2"]


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


def bench(*words, cwd):
    """The command line in this process, whose fork server is started once."""
    out, errors = io.StringIO(), io.StringIO()
    arguments, sys.argv = sys.argv, ["bench", *map(str, words)]
    try:
        with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            cli.main()
    except SystemExit as stopped:
        return Result(stopped.code, out.getvalue(), errors.getvalue())
    finally:
        sys.argv = arguments
    raise AssertionError("the command line must end by exiting")


def start(*words, cwd, env=None):
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "bench", *map(str, words)]
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_ctrl_c,
    )


def _heed_ctrl_c():
    # a background job, as CI may be, starts its children deaf to it
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_a_record(folder, process):
    while not list(folder.glob("results/*/*/seed-*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def tiny(cwd, *words, method="baseline", seeds="2"):
    return bench("run", "--method", method, "--dataset", "circle", "--seeds", seeds, *TINY, *words, cwd=cwd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    result = tiny(folder, method="baseline,mt")
    assert result.returncode == 0, result.stderr
    return folder, result


def numbers(folder):
    found = store.read_all(folder / "results")
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


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killing_a_run_and_starting_it_again_gives_the_numbers_of_an_undisturbed_one(tmp_path):
    words = ["run", "--method", "baseline,mt", "--dataset", "circle", "--seeds", "3", "--set", "protocol.epochs=300"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    assert bench(*words, cwd=whole).returncode == 0
    process = start(*words, cwd=broken)
    wait_for_a_record(broken, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 0 < len(store.read_all(broken / "results")) < 6
    assert bench(*words, cwd=broken).returncode == 0
    assert numbers(broken) == numbers(whole)


def press_ctrl_c(process):
    """As a terminal does: to the run and all its processes."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("bench: stopped")
    assert "Traceback" not in errors


LONG = ["run", "--method", "baseline", "--dataset", "circle", "--jobs", "1", "--set", "protocol.epochs=1000"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_stops_in_one_line_and_keeps_what_had_finished(tmp_path):
    process = start(*LONG, cwd=tmp_path)
    wait_for_a_record(tmp_path, process)
    press_ctrl_c(process)
    assert store.read_all(tmp_path / "results")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("words", [LONG, ["profile", "--dataset", "circle", "--steps", "100000"]], ids=str)
def test_ctrl_c_while_processes_start_stops_in_one_line(words, tmp_path):
    process = start(*words, cwd=tmp_path)
    while not any(path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/children")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    time.sleep(2)
    press_ctrl_c(process)


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
    words = ["--dataset", "circle", "--seeds", "1", *TINY, "--timeout", "15"]
    process = start("run", "--method", methods, *words, cwd=tmp_path, env=broken_plugin)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    status = {r.method: r.status for r in store.read_all(tmp_path / "results")}
    assert status == {
        "broken[how=crash]": "killed",
        "broken": "error",
        "broken[how=hang]": "timeout",
        "broken[how=diverge]": "diverged",
        "baseline": "ok",
    }
    plan = start("plan", "--method", methods, *words[:-2], cwd=tmp_path, env=broken_plugin)
    assert "4 cells failed before" in plan.communicate(timeout=300)[0]
    again = start("run", "--method", "broken", *words, "--retry", "failed", cwd=tmp_path, env=broken_plugin)
    assert "[1/1]" in again.communicate(timeout=300)[1]


def test_a_profile_whose_process_is_lost_says_so_in_one_line(tmp_path, broken_plugin):
    words = ["profile", "--method", "broken[how=crash]", "--dataset", "circle", "--steps", "2"]
    process = start(*words, cwd=tmp_path, env=broken_plugin)
    out, errors = process.communicate(timeout=300)
    assert (process.returncode, out) == (2, "")
    assert errors.splitlines()[-1].startswith("bench: broken[how=crash] on circle could not be measured")
    assert "SIGABRT" in errors


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
        (["profile", "--dataset", "circle", "--write", "table.json"], "ending in .md"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(words, message, tmp_path):
    result = bench(*words, cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert errors.count("\n") == 1
    assert message in errors
    assert not list(tmp_path.iterdir())


def test_missing_data_stops_at_once_and_says_what_to_do(tmp_path):
    result = bench("run", "--method", "baseline", "--dataset", "airfoil", "--data", tmp_path / "none", cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert "bench data fetch airfoil" in errors
    assert "airfoil[rows=synthetic]" in errors


def test_a_results_folder_that_cannot_be_written_is_named_before_training(tmp_path):
    (tmp_path / "results").write_text("a file where a folder should be")
    result = bench(*RUN, "baseline", "--seeds", "1", *TINY, cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert "--results" in errors


def test_a_profile_makes_the_folder_that_it_is_to_be_written_to(tmp_path):
    words = "profile", "--method", "mt", "--dataset", "circle", "--steps", "2", "--write"
    assert bench(*words, "new/folder/table.md", cwd=tmp_path).returncode == 0
    assert "| mt " in (tmp_path / "new/folder/table.md").read_text()
    refused = bench(*words, "new/folder/table.md/table.md", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--write" in refused.stderr


def test_a_record_cut_in_half_stops_the_run_with_its_path(tmp_path):
    path = tmp_path / "results/circle/baseline/seed-0.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 1, "key": "ab')
    result = bench(*RUN, "baseline", "--seeds", "1", *TINY, cwd=tmp_path)
    errors = result.stderr
    assert result.returncode == 2
    assert "seed-0.json is not a whole record" in errors


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--matrix"], ["show", "oe"], ["show", "circle"], ["data", "status"], ["schema"]]
)
def test_pages_print(words, tmp_path):
    result = bench(*words, cwd=tmp_path)
    assert result.returncode == 0
    assert len(result.stdout) > 200
    assert not result.stderr


def test_the_schema_command_prints_json(tmp_path):
    assert json.loads(bench("schema", cwd=tmp_path).stdout)["title"] == "Record"
