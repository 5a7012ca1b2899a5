"""How a command ends that a signal breaks off."""

import os
import signal
import subprocess
import sys
import time

import pytest

from bench.cli import app
from bench.errors import BenchError
from support.command_line import bench

ERRORS = BenchError("a picture is lost"), OSError(5, "lost")


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(
    ("error", "number", "code"),
    [
        *((error, *end) for error in ERRORS for end in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (0, 2))),
        (ValueError("of a library"), signal.SIGHUP, 129),  # without a signal it is a fault of ours, and shown whole
    ],
)
def test_what_fails_because_a_signal_came_is_no_bad_input(tmp_path, monkeypatch, error, number, code):
    def command(standalone_mode):
        try:
            os.kill(os.getpid(), number)
            time.sleep(5 if number else 0)
        except KeyboardInterrupt:
            pass
        raise error

    monkeypatch.setattr(app, "app", command)
    monkeypatch.setattr("bench.cli.stopping.close_output", lambda: None)
    for heard in (signal.SIGINT, signal.SIGHUP):  # a background job is started deaf to them
        signal.signal(heard, signal.default_int_handler)
    said = bench("list", cwd=tmp_path)
    assert said.returncode == code
    assert said.stderr.startswith("bench: stopped") == bool(number)


def test_ctrl_c_while_commands_are_imported_is_one_line(tmp_path):
    # the first import of the command line's own modules stands for a signal that comes during it
    code = "import builtins; real = builtins.__import__\n"
    code += "def stop(name, *rest):\n    if name == 'typer': raise KeyboardInterrupt\n    return real(name, *rest)\n"
    code += "builtins.__import__ = stop\nfrom bench.cli import main\nmain()\n"
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (130, "bench: stopped before it began\n")
