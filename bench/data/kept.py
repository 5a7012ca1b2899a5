"""Folders of decoded data: made under another name and renamed when whole, sealed, and removed once out of date."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from bench import leftovers
from bench.atomic import replace_file
from bench.data.reading import why
from bench.errors import BenchError

SEAL, SOURCES = "seal.json", "sources.json"
SPARE = 2**26  # bytes left free beside what is decoded


@contextmanager
def part_folder(parent: Path) -> Iterator[Path]:
    """A folder to fill, on the file system of `parent`; it is removed at the end, whatever happened.

    Raises:
        BenchError: it cannot be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        leftovers.remove_abandoned(parent)
        with leftovers.part(parent) as folder:
            folder.mkdir()
            yield folder
    except OSError as error:
        raise unwritable(parent, error) from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone among processes, where the file system has locks; elsewhere work may be done twice, and no harm comes."""
    lock = FileLock(path)
    with suppress(OSError, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def unwritable(place: Path, error: OSError) -> BenchError:
    """One line for a folder that is read-only, full or gone."""
    return BenchError(f"cannot write to {place}: {why(error)}; make room, or choose another data folder with --data")


def require_space(place: Path, needed: int, what: str) -> None:
    """Refuse to start what the disk has no room for.

    Raises:
        BenchError: saying what is needed and what is free.
    """
    free = shutil.disk_usage(place).free
    if free < needed + SPARE:
        sizes = f"needs {(needed + SPARE) / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        raise BenchError(f"{what} {sizes} at {place}; make room, or choose another data folder with --data")


def seal(folder: Path, names: Sequence[str]) -> None:
    """Note the sizes and hashes of a folder's files, and the names of the sources that they are made of."""
    (folder / SOURCES).write_text(json.dumps(list(names)), encoding="utf-8")
    files = {path.name: _about(path) | {"sha256": _sha256(path)} for path in _files(folder)}
    (folder / SEAL).write_text(json.dumps(files), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether a folder's files are as they were sealed: by size and time, and by their hash where the time is new."""
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        now = {path.name: _about(path) for path in _files(folder)}
        if now.keys() != files.keys() or any(now[name]["size"] != files[name]["size"] for name in now):
            return False
        touched = [name for name in now if now[name]["mtime_ns"] != files[name]["mtime_ns"]]
        if any(files[name]["sha256"] != _sha256(folder / name) for name in touched):
            return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if touched:  # copied, say: hashed once, not at every start
        with suppress(OSError):
            seals = {name: files[name] | about for name, about in now.items()}
            replace_file(folder / SEAL, json.dumps(seals).encode())
    return True


def put(folder: Path, place: Path) -> None:
    """Rename a whole folder to its place, over one that was found damaged there."""
    shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)
    folder.rename(place)


def remove_outdated(whole: Path, stamp: Callable[[list[str]], str], prefix: str = "") -> None:
    """Remove the copies beside one that has just been made whole of which a source has changed since; others stay.

    Args:
        whole: the new copy.
        stamp: what the end of a copy's name must be, given the names of its sources; a BenchError where one is gone.
        prefix: of the names of the copies that may be removed.
    """
    for folder in whole.parent.glob(f"{prefix}*-*"):
        if folder == whole or folder.name.startswith(".") or folder.is_symlink() or not folder.is_dir():
            continue  # hidden ones are what another process is making just now
        try:
            names = json.loads((folder / SOURCES).read_text(encoding="utf-8"))
            outdated = not folder.name.endswith(f"-{stamp(names)}")
        except (OSError, ValueError, KeyError, TypeError, BenchError):
            outdated = True
        if outdated:
            shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != SEAL)


def _about(path: Path) -> dict[str, int]:
    about = path.stat()
    return {"size": about.st_size, "mtime_ns": about.st_mtime_ns}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
