"""The command line, in this process or one of its own."""

import contextlib
import io
import signal
import subprocess
import sys
from dataclasses import dataclass

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
        preexec_fn=heed_signals,
    )


def heed_signals():
    """To be called in a child: a background job, as CI may be, starts its children deaf to some signals."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def numbers(folder):
    found = store.read_all(folder / "results")
    return {(r.method, r.seed): (r.key, r.metrics, r.selection, r.predictions) for r in found}


RUN = ["run", "--dataset", "circle", "--method"]
