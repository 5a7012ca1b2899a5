"""Runs that are ended by a signal: nothing is left of them, and they go on where they stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest

from support import kills
from support.command_line import TINY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

SPAWNER = '''"""A method whose first step starts processes of its own, one of them a daemon.

None. Follows nothing.
Differs: it starts processes.
"""

import os
import subprocess
import time

from bench.method import Method


class Spawner(Method):
    """Start processes. Args: hang: whether to train for ever then."""

    def __init__(self, hang: bool = False) -> None:
        super().__init__()
        self.hang, self.begun = hang, False

    def loss(self, batch):
        if not self.begun:
            self.begun = True
            subprocess.Popen(["sleep", "600"])
            subprocess.Popen(["sleep", "600"], start_new_session=True)
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
            open("begun", "w").close()
        while self.hang:
            sum(range(10**7))
        return super().loss(batch)
'''


@pytest.fixture
def spawner(tmp_path):
    package = tmp_path / "site"
    info = package / "spawner-1.dist-info"
    info.mkdir(parents=True)
    (package / "spawner_method.py").write_text(SPAWNER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spawner\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[bench.methods]\nspawner = spawner_method\n")
    return {"PYTHONPATH": f"{package}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def run(method, *words):
    return ["run", "--method", method, "--dataset", "circle", "--seeds", "1", *TINY, *words]


def test_what_a_method_starts_ends_with_its_cell(tmp_path, spawner):
    process, mark = kills.start(run("spawner"), tmp_path, **spawner)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert (tmp_path / "begun").exists()
    assert not kills.left_after(mark, tmp_path)


def test_what_a_method_starts_ends_with_its_cells_time(tmp_path, spawner):
    process, mark = kills.start(run("spawner[hang=true]", "--timeout", "8"), tmp_path, **spawner)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert (tmp_path / "begun").exists()
    assert not kills.left_after(mark, tmp_path)


@pytest.mark.parametrize("number", kills.SIGNALS, ids=lambda number: number.name)
def test_nothing_is_left_of_a_run_that_a_signal_ends(tmp_path, spawner, number):
    process, mark = kills.start(run("spawner[hang=true]"), tmp_path, **spawner)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert not kills.left_after(mark, tmp_path)
    if number == signal.SIGKILL:
        return
    assert process.returncode == 128 + number
    assert errors.decode().splitlines()[-1].startswith("bench: stopped")
    assert b"Traceback" not in errors


def test_a_run_that_was_started_by_nohup_does_not_end_with_its_terminal(tmp_path):
    process = subprocess.Popen(
        ["nohup", sys.executable, "-m", "bench", *run("baseline")],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    time.sleep(1)
    while process.poll() is None:
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
    assert process.returncode == 0, process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize(
    "more", [TINY, ["--set", "protocol.epochs=40", "--checkpoint-minutes", "0"]], ids=["anew", "resumed"]
)
def test_runs_killed_at_moments_of_chance_end_in_the_boards_of_an_undisturbed_one(tmp_path, more):
    words = ["run", "--method", "baseline", "--dataset", "circle", "--seeds", "2", *more]
    faults, _ = kills.soak(2, tmp_path, words)
    assert not faults
    assert not list(tmp_path.rglob(".*.checkpoint"))
