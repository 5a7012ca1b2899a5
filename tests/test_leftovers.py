"""What is not finished is removed, and nothing else."""

import os
import subprocess
import sys
import time

import pytest

from bench import atomic, leftovers
from bench.errors import BenchError

WRITER = """
import os, signal, sys
from pathlib import Path
from bench import leftovers
with leftovers.part(Path(sys.argv[1])) as file, leftovers.part(Path(sys.argv[1])) as folder:
    file.write_text("half")
    folder.mkdir()
    (folder / "inside").write_text("half")
    print(flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="needs POSIX")
def test_a_process_that_is_killed_leaves_nothing_half_written(tmp_path):
    subprocess.run([sys.executable, "-c", WRITER, str(tmp_path)], capture_output=True)
    until = time.monotonic() + 5
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not list(tmp_path.iterdir())


def test_what_is_not_renamed_is_removed_at_the_end(tmp_path):
    with leftovers.part(tmp_path) as path:
        path.write_text("half")
    with leftovers.part(tmp_path) as path:
        path.mkdir()
    with pytest.raises(OSError, match="No such file"):
        atomic.replace_file(tmp_path / "no folder" / "file", b"")
    assert not list(tmp_path.iterdir())


def test_what_a_process_left_that_is_gone_is_removed_and_that_of_a_living_one_stays(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = {pid: f".part-{leftovers._here()}-{pid}-0a" for pid in (gone.pid, os.getppid())}
    for name in (*names.values(), ".part-elsewhere-1-0b", ".part-old"):
        (tmp_path / name).write_text("half")
    os.utime(tmp_path / ".part-old", (0, 0))
    leftovers.remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {names[os.getppid()], ".part-elsewhere-1-0b"}


def test_a_listing_hears_bytes_however_they_are_cut(tmp_path):
    paths = [tmp_path / name for name in ("a", "b\nc")]
    for path in paths:
        path.write_text("x")
    listed = leftovers.Listed()
    told = b"".join(b"+" + os.fsencode(path) + b"\0" for path in paths) + b"-" + os.fsencode(paths[0]) + b"\0"
    for start in range(0, len(told), 7):
        listed.hear(told[start : start + 7])
    listed.remove()
    assert list(tmp_path.iterdir()) == [paths[0]]


@pytest.mark.skipif(sys.platform == "win32", reason="its file systems all lock")
def test_a_file_system_without_locks_is_told_of_in_one_line(tmp_path, monkeypatch):
    import errno
    import fcntl

    atomic.require_locks(tmp_path, "--results")

    def refuse(file, how):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(BenchError, match=r"cannot lock files .No locks available.*--results"):
        atomic.require_locks(tmp_path, "--results")
    assert not list(tmp_path.iterdir())
