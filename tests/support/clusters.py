"""What tests of runs on a cluster have in common: the run of one machine, and runs in processes of their own."""

import time
from pathlib import Path

from support.command_line import bench
from support.kills import made


def whole_run(folder, words):
    """What a run on this machine alone makes."""
    done = bench(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return made(folder)


def records(folder):
    """The records that are there so far."""
    return list(Path(folder, "results").rglob("seed-*.json"))


def wait_for(what, seconds=120.0):
    """Until something holds, asked again and again."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


def finish(process):
    """Wait for a run that must end well; what it said."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
    return errors.decode()
