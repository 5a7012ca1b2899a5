"""Files of unknown making: only regular ones are opened, only so much is read, and lists become rows of text."""

import csv
import io
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bench.errors import BenchError
from bench.paths import shown

LARGEST = 2**28  # bytes of a file that is read into memory at once
MADE_UP = ("/proc", "/sys", "/dev")
_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def why(error: BaseException) -> str:
    """What an error says, in one line of reasonable length."""
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return (text[:200] + "...") if len(text) > 200 else text or type(error).__name__


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """A regular file for reading; a pipe, socket, device or folder in its place is refused without waiting for it.

    Raises:
        BenchError: the path is none, or it cannot be opened.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise BenchError(f"{path} cannot be opened: {why(error)}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BenchError(f"{path} is no regular file; put the file itself there")
    with os.fdopen(handle, "rb") as file:
        yield file


def content(path: Path, largest: int = LARGEST) -> bytes:
    """All bytes of a regular file.

    Raises:
        BenchError: it cannot be read, or is larger than `largest` bytes.
    """
    with opened(path) as file:
        try:
            raw = file.read(largest + 1)
        except OSError as error:
            raise BenchError(f"{path} cannot be read: {why(error)}") from None
    if len(raw) > largest:
        raise BenchError(f"{path} has more than {largest / 1e6:,.0f} MB, which no such file has; get it again")
    return raw


def rows(path: Path, columns: Sequence[str] = (), delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """Lines of a list as (line number, cells); blank lines are left out, and a byte-order mark is none of the text.

    Args:
        columns: of the header, of which their cells are given in this order; without any the file has no header.

    Raises:
        BenchError: naming the file, and the first line that is not as it must be.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                found.append((reader.line_num, cells))
    except csv.Error as error:
        raise BenchError(f"{path}, line {reader.line_num}: {why(error)}; get it again") from None
    return _chosen(path, found, columns) if columns else found


def walk(folder: Path, without: Path | None = None) -> Iterator[Path]:
    """All regular files below a folder in a fixed order, also behind links to folders, each folder once.

    Folders that the system makes up, as /proc, are left out: links there lead everywhere. So are links upwards, which
    lead to all that lies beside the folder.

    Args:
        without: a folder that is left out, unless it is the one that is walked.
    """
    seen = {_identity(above) for above in folder.resolve().parents}
    if without is not None and without.is_dir() and not without.samefile(folder):
        seen.add(_identity(without))
    for place, folders, names in os.walk(folder, followlinks=True):
        here = _identity(Path(place))
        if here in seen or is_made_up(Path(place)):
            folders.clear()
            continue
        seen.add(here)
        folders.sort()
        yield from (path for name in sorted(names) if is_regular(path := Path(place, name)))


def first_named(folder: Path, name: str) -> Path | None:
    """The first file of a name below a folder, in the order of paths."""
    return min((path for path in walk(folder) if path.name == name), default=None)


def is_regular(path: Path) -> bool:
    """Whether a path, or what a link leads to, is a regular file; False also where that cannot be told."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def is_made_up(folder: Path) -> bool:
    """Whether the system makes up what a folder seems to hold, as of /proc and /sys; no such folder has data."""
    return folder.stat().st_dev in _made_up()


@cache
def _made_up() -> frozenset[int]:
    return frozenset(place.stat().st_dev for place in map(Path, MADE_UP) if place.is_mount())


def _identity(folder: Path) -> tuple[int, int]:
    about = folder.stat()
    return about.st_dev, about.st_ino


def _text(path: Path) -> str:
    raw = content(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        guess = _ENCODINGS.get(raw[:2], "another encoding")
        line = raw[: error.start].count(b"\n") + 1
        raise BenchError(f"{path}, line {line}: this is no UTF-8 but {guess}; save it as UTF-8") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise BenchError(f"{path}, line {line} holds a NUL byte, so it is damaged or no text; get it again")
    return text


def _chosen(path: Path, found: list[tuple[int, list[str]]], columns: Sequence[str]) -> list[tuple[int, list[str]]]:
    wanted = ", ".join(columns)
    if not found:
        raise BenchError(f"{path} is empty; expected a list with the columns {wanted}")
    header = [cell.strip() for cell in found[0][1]]
    while header and not header[-1]:
        header.pop()
    if wrong := [name for name in columns if header.count(name) != 1]:
        there = shown(",".join(header))
        kind = "two columns" if wrong[0] in header else "no column"
        raise BenchError(f"{path} is no list with the columns {wanted}: {kind} '{wrong[0]}' in {there}; get it again")
    places, width = [header.index(name) for name in columns], len(header)
    for number, cells in found[1:]:
        if len(cells) < width or any(cells[width:]):
            text = shown(",".join(cells))
            raise BenchError(f"{path}, line {number}: {text} has {len(cells)} fields, its header {width}")
    return [(number, [cells[place].strip() for place in places]) for number, cells in found[1:]]
