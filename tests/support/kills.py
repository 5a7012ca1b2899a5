"""Runs that are ended by a signal at a moment of chance, and what they leave.

`PYTHONPATH=tests python -m support.kills NUMBER FOLDER WORDS` is the long form: so many kills, then the numbers and
boards of an undisturbed run. FOLDER takes all files.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from support.command_line import heed_signals, numbers

MARK = "BENCH_TEST_RUN"
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
GONE_S = 5.0
COSTS = re.compile(r"<details><summary>Time and memory</summary>.*?</details>", re.DOTALL)


def marked(mark):
    """The processes that were started under a mark, or by those."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in path.read_bytes().split(b"\0"):
                command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(path.parent.name), command[:200]))
    return found


def parts(*folders):
    """What is not finished below some folders."""
    return [str(path) for folder in folders for path in Path(folder).rglob(".*") if path.name.startswith(".part-")]


def left_after(mark, *folders, seconds=GONE_S):
    """Processes and files that are still there some seconds after a run was ended."""
    until = time.monotonic() + seconds
    while (left := [*marked(mark), *parts(*folders)]) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def start(words, folder, **environment):
    """A run under a new mark, and the mark."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *words],
        cwd=folder,
        env={**os.environ, MARK: mark, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_signals,
    )
    return process, mark


def made(folder):
    """What a run has made: its records' numbers, its files of predictions, and its boards but for what cells cost."""
    files = {path.name: path.read_bytes() for path in Path(folder, "results").rglob("*.npz")}
    pages = Path(folder, "leaderboard").iterdir()
    boards = {path.name: COSTS.sub("", path.read_text()) for path in pages}
    return numbers(folder), files, boards


def soak(number, folder, words, spoil=lambda: None, seed=0):
    """So many kills at moments of chance; the faults that were found."""
    rng, faults, seen = random.Random(seed), [], {}
    whole, broken = folder / "whole", folder / "broken"
    for each in (whole, broken):
        each.mkdir(parents=True)
    spoil()
    began = time.monotonic()
    process, _ = start(words, whole)
    process.communicate()
    length = time.monotonic() - began
    for turn in range(number):
        spoil()
        process, mark = start(words, broken)
        which = rng.choice(SIGNALS)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.05, 0.8 * length))
        ended = process.poll() is not None
        process.send_signal(which)
        try:
            _, errors = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            faults.append((turn, which.name, "did not end"))
            process.kill()
            continue
        seen[which.name, process.returncode] = seen.get((which.name, process.returncode), 0) + 1
        if left := left_after(mark, folder):
            faults.append((turn, which.name, left))
        if process.returncode not in (0, 128 + which, -which) or b"Traceback" in errors:
            faults.append((turn, which.name, errors.decode()[-600:]))
        if ended:  # nothing was left to kill: from the beginning again
            for each in ("results", "leaderboard"):
                subprocess.run(["rm", "-rf", str(broken / each)], check=True)
    spoil()
    process, _ = start(words, broken)
    process.communicate()
    if made(broken) != made(whole):
        faults.append(("what it made differs", made(broken), made(whole)))
    return faults, seen


if __name__ == "__main__":
    print(*soak(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]), sep="\n")
