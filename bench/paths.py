"""Paths that a list, an archive or a name supplies: below their root, or refused in one line.

Every reader and writer of such a path goes through here. A name is judged by its text alone, the same on every system,
so that what one machine writes another one can read.
"""

import os
import re
from functools import lru_cache
from pathlib import Path

from bench.errors import BenchError

LONGEST_PART, LONGEST = 255, 1024  # bytes: of a file's name, as most file systems have it, and of a whole path
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")}
_REFUSED = re.compile(r'[<>:"|?*]')  # what Windows does not take


def from_home(written: str | Path) -> Path:
    """A path as written, with the folder that ~ stands for.

    Raises:
        BenchError: it stands for none.
    """
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise BenchError(f"cannot read the path '{written}': nobody here has this home folder") from None


def text(path: Path, largest: int, what: str) -> str:
    """A file that somebody wrote and named, as UTF-8.

    Args:
        largest: bytes that it may have.
        what: it is meant to be, as "description", for the message.

    Raises:
        BenchError: it cannot be read.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():  # reading a pipe would wait for ever
            raise BenchError(f"{path} is no file; name the file of a {what}")
        if size > largest:
            raise BenchError(f"{path} has more than {largest:,} bytes, which no {what} has")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}; name the file of a {what}") from None
    except UnicodeDecodeError:
        raise BenchError(f"{path} is no UTF-8 text; save it as UTF-8") from None


def inside(name: str, origin: object) -> str:
    """A path below a root in its shortest form, as `a/b.jpg` of `./a//b.jpg`.

    Args:
        name: as a list or an archive has it.
        origin: what the name is from, for the message: a file and a line.

    Raises:
        BenchError: it is absolute, climbs out, or is no name that every system takes.
    """
    folder, _, file = name.rpartition("/")
    why = (
        ("is empty" if not name else None)
        or ("is absolute" if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) else None)
        or (_unusual(file) if file else "ends in /")
        or (_unusual_folder(folder) if folder else None)
        or ("is a folder" if file in ("", ".") else None)
        or (f"is longer than {LONGEST} bytes" if len(name.encode()) > LONGEST else None)
    )
    if why:
        raise BenchError(f"{origin}: the path {shown(name)} {why}; only paths below the dataset's own folder are read")
    return f"{shortest}/{file}" if (shortest := _shortest(folder)) else file


def target(root: Path, name: str, origin: object) -> Path:
    """Where to write a file below a root.

    Links at the root or above it are the user's choice of a disk; below it none may lead out.

    Raises:
        BenchError: the name leads out of the root, or a link below the root does.
    """
    path = root / inside(name, origin)
    try:
        leaves = not path.parent.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:  # links in a circle
        raise BenchError(f"{path.parent} cannot be followed: {error}; remove its links") from None
    if leaves:
        raise BenchError(f"{path.parent} leads out of {root} by a link; nothing is written there, so remove the link")
    return path


def require_no_file(folder: Path, option: str) -> None:
    """Refuse a folder, there or to be made, where a file is in the way.

    Args:
        option: that named it, for the message.

    Raises:
        BenchError: naming the file.
    """
    nearest = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), None)
    if nearest is not None and not nearest.is_dir():
        what = "a link that leads nowhere" if not nearest.exists() else "a file"
        raise BenchError(f"{nearest} is {what}; name a folder with {option}")


def file_name(text: str) -> str:
    """A name as one file name that every system takes; what it cannot hold becomes `_`.

    >>> file_name("agedb[size=32]"), file_name("x[path=../../y:z]"), file_name("con")
    ('agedb[size=32]', 'x[path=.._.._y_z]', '_con')
    """
    plain = "".join(letter if letter.isprintable() and letter not in '/\\<>:"|?*' else "_" for letter in text)
    plain = plain.encode()[: LONGEST_PART - 55].decode(errors="ignore").rstrip(" .") or "_"
    return f"_{plain}" if _unusual(plain) else plain


def require_ending(path: Path, *endings: str) -> None:
    """Refuse to write a file whose name does not say what it is."""
    if path.suffix.lower() not in endings:
        raise BenchError(f"cannot write {path}; name a file that ends in {', '.join(endings)}")


def is_device(part: str) -> bool:
    """Whether Windows takes a part of a path for a device, whatever its ending."""
    return part.partition(".")[0].rstrip().lower() in _DEVICES


def shown(text: str, most: int = 80) -> str:
    """A text in quotes, as one short line of plain letters."""
    return ascii(text if len(text) <= most else f"{text[:most]}...")


def _unusual(part: str) -> str | None:
    """Why a part of a path is no name that every system takes; None where it is one."""
    if part == "..":
        return "climbs out by .."
    if not part.isprintable():
        return "holds a character that cannot be printed"
    if "\\" in part:
        return "holds a backslash; write folders with /"
    if found := _REFUSED.search(part):
        return f"holds {found[0]}, which Windows does not take"
    if part != "." and part[-1:] in (" ", "."):
        return "has a name that ends in a space or a dot, which Windows does not take"
    if is_device(part):
        return "has a name that stands for a device on Windows"
    if len(part) > LONGEST_PART // 4 and len(part.encode()) > LONGEST_PART:
        return f"has a name of more than {LONGEST_PART} bytes"
    return None


@lru_cache(maxsize=4096)  # a list of 200,000 files names a hundred folders
def _unusual_folder(folder: str) -> str | None:
    return next(filter(None, map(_unusual, folder.split("/"))), None)


@lru_cache(maxsize=4096)
def _shortest(folder: str) -> str:
    return "/".join(part for part in folder.split("/") if part not in ("", "."))
