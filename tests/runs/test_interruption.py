"""Runs that are killed or stopped by Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.results import store
from support.command_line import bench, numbers, start

pytestmark = pytest.mark.slow


def wait_for_a_record(folder, process):
    while not list(folder.glob("results/*/*/seed-*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


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
