"""Streams that are not UTF-8, closed, full, or no longer read."""

import io
import os
import subprocess
import sys

import pytest

from bench.cli import terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


def shell(line, **environment):
    command = line.replace("BENCH", f"'{sys.executable}' -m bench")
    return subprocess.run(["bash", "-c", command], capture_output=True, env={**os.environ, **environment})


@pytest.mark.parametrize(
    ("text", "ascii_", "latin", "windows"),
    [
        ("1 ± 2", b"1 +- 2", b"1 \xb1 2", b"1 \xb1 2"),
        ("MSE ↓", b"MSE v", b"MSE v", b"MSE v"),
        ("a – b × c", b"a - b x c", b"a - b \xd7 c", b"a \x96 b \xd7 c"),
        ("λ Δ", b"lambda delta", b"lambda delta", b"lambda delta"),
        ("┌─│┃━é", b"+-||-e", b"+-||-\xe9", b"+-||-\xe9"),
        ("\udcff⠋", b"??", b"??", b"??"),
    ],
)
def test_what_an_encoding_does_not_have_is_written_plainly(text, ascii_, latin, windows, monkeypatch):
    for encoding, expected in (("ascii", ascii_), ("latin-1", latin), ("cp1252", windows)):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
        terminal.prepare()
        print(text, end="", flush=True)
        assert raw.getvalue() == expected


@pytest.mark.parametrize(
    ("words", "encoding"), [("list", "ascii"), ("show ranksim", "cp1252"), ("show ranksim", "ascii")]
)
def test_commands_print_in_any_encoding(words, encoding):
    run = shell(f"BENCH {words}", PYTHONIOENCODING=encoding)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.decode(encoding)


def test_a_reader_that_stops_reading_ends_a_command_quietly():
    run = shell("BENCH list | head -c 1; sleep 0; exit ${PIPESTATUS[0]}")
    assert run.stderr == b""


def test_closed_streams_do_not_matter():
    assert shell("BENCH list >&- 2>&- <&-").returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_a_full_disk_behind_the_output_is_one_line():
    run = shell("BENCH list >/dev/full")
    assert (run.returncode, run.stderr) == (2, b"bench: output: No space left on device\n")
