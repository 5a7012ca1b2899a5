"""Data files: which are there, fetched from their source or taken from the user, always checked by SHA-256.

Nothing is unpickled, and of an archive only the bytes of the one member that is asked for are read.
"""

import hashlib
import os
import shutil
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Literal
from zipfile import BadZipFile, ZipFile, is_zipfile

from bench import leftovers
from bench.atomic import replace_file
from bench.errors import BenchError

if TYPE_CHECKING:  # torch stays out where only the root is asked for
    from bench.dataset import Dataset, File, Folder

State = Literal["present", "missing", "wrong checksum"]
TIMEOUT_S = 60


@dataclass(frozen=True)
class Row:
    """One file of a dataset, or the alternative that stands in for it; found and expected are SHA-256."""

    file: "File"
    path: str
    state: State
    size: str = ""
    found: str = ""
    expected: str = ""

    @property
    def licence(self) -> str:
        """Terms of the file."""
        return self.file.licence

    @property
    def source(self) -> str:
        """Where it comes from."""
        return self.file.url or "its authors, on request"


def root(option: Path | None = None) -> Path:
    """The data root: the option, else BENCH_DATA, else the user's data folder."""
    if option is not None:
        return option.expanduser()
    if os.environ.get("BENCH_DATA"):
        return Path(os.environ["BENCH_DATA"]).expanduser()
    from platformdirs import user_data_path

    return user_data_path("regression-bench", appauthor=False)


def status(dataset: "Dataset", root: Path) -> list[Row]:
    """One row a file, and one for a folder of many."""
    rows = [_row(file, root) for file in dataset.files]
    return rows if dataset.folder is None else [*rows, _folder_row(dataset.folder, root)]


def verify(dataset: "Dataset", root: Path, name: str | None = None) -> None:
    """Check that every file is there and right.

    Args:
        name: the dataset's name with its parameters, for the message; its file name by default.

    Raises:
        BenchError: saying what to do.
    """
    rows = [_row(file, root) for file in dataset.files]
    wrong = next((row for row in rows if row.state == "wrong checksum"), None)
    lacking = wrong or next((row for row in rows if row.state == "missing"), None)
    name = name or _name(dataset)
    offline = f", or take the offline source {quote(dataset.offline)}" if dataset.offline else ""
    if lacking is None:
        if dataset.folder is not None:
            _verify_folder(dataset.folder, root, name, f"run `bench data add {quote(name)} PATH`{offline}")
        return
    verb = f"fetch {quote(name)}" if lacking.file.url else f"add {quote(name)} PATH"
    if wrong:
        what = f"{root / wrong.path} has SHA-256 {wrong.found}, expected {wrong.expected}"
    else:
        missing = [row.path for row in rows if row.state == "missing"]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        what = f"{name} has no data: {root / missing[0]}{more} is missing"
    raise BenchError(f"{what}; run `bench data {verb}`{offline}")


def fetch(dataset: "Dataset", root: Path) -> Iterator[Path]:
    """Download what is missing or wrong; yields each new file."""
    for row in (_row(file, root) for file in dataset.files):
        if row.state == "present":
            continue
        if row.file.url is None:
            name = quote(_name(dataset))
            raise BenchError(
                f"{row.path} is handed out by its authors only; get it and run `bench data add {name} PATH`"
            )
        with _beside(root / row.file.path) as folder:
            download = folder / Path(row.file.url).name
            _download(row.file.url, download)
            yield _place(download, row.file, root, row.file.url)


def add(dataset: "Dataset", root: Path, path: Path) -> list[Path]:
    """Take a file, or what a folder holds under the files' names; returns the new files."""
    if not path.exists():
        raise BenchError(f"{path} does not exist; name a file, or a folder that holds the files")
    if not dataset.files and dataset.folder is None:
        raise BenchError(f"{_name(dataset)} reads no file, so there is nothing to add")
    placed: list[Path] = []
    problems: list[BenchError] = []
    for file in (one for each in (*dataset.files, *dataset.optional) for one in (each, *each.alternatives)):
        for source in [path] if path.is_file() else _named(file, path):
            try:
                placed.append(_place(source, file, root, str(source)))
                break
            except BenchError as error:
                problems.append(error)
    lacking = [file for file in dataset.files if _row(file, root).state != "present"]
    if not lacking or (placed and path.is_file()):
        return placed
    if problems:
        raise problems[0]
    fetch = f", or run `bench data fetch {quote(_name(dataset))}` first" if lacking[0].url else ""
    raise BenchError(f"no {Path(lacking[0].path).name} below {path}; name the folder or the file that has it{fetch}")


def take(folder: "Folder", root: Path, path: Path) -> tuple[int, list[str]]:
    """Copy a folder's files from wherever they lie below a path, by their names.

    Returns:
        How many files the folder's list names, and those that are still missing.
    """
    for name, content in folder.collect(root, path):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(root / name, content)
    names = folder.names(root)
    there: dict[str, list[Path]] = {}
    for source in sorted(path.rglob("*")):
        if source.is_file():
            there.setdefault(source.name, []).append(source)
    uses = Counter(Path(name).name for name in names)
    if not uses.keys() & there.keys():
        raise BenchError(f"none of the {len(names):,} files that {root / folder.index} names is below {path}")
    for name in folder.missing(root):
        found, target = there.get(Path(name).name), root / folder.path / name
        if found:
            # where the list has several of one name, only the one in the folder that it says
            other = found[0] if uses[Path(name).name] == 1 else None
            source = next((source for source in found if source.as_posix().endswith(f"/{name}")), other)
            if source is None:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with leftovers.part(target.parent) as part:
                shutil.copyfile(source, part)
                part.replace(target)
    return len(names), folder.missing(root)


def _row(file: "File", root: Path) -> Row:
    there = file.find(root)
    if there is None:
        return Row(file, file.path, "missing")
    path = root / there.path
    found = _sha256(path)
    state: State = "present" if found == there.sha256 else "wrong checksum"
    return Row(file, there.path, state, f"{path.stat().st_size / 1e3:,.0f} kB", found, there.sha256)


def _folder_row(folder: "Folder", root: Path) -> Row:
    from bench.dataset import File

    stands_for = File(folder.path, "", licence=folder.licence)
    if not (root / folder.index).is_file():
        return Row(stands_for, folder.index, "missing")
    missing, number = len(folder.missing(root)), len(folder.names(root))
    return Row(
        stands_for, f"{folder.path}/", "missing" if missing else "present", f"{number - missing:,} of {number:,}"
    )


def _verify_folder(folder: "Folder", root: Path, name: str, remedy: str) -> None:
    if not (root / folder.index).is_file():
        raise BenchError(f"{name} has no data: {root / folder.index} is missing; {remedy}")
    if missing := folder.missing(root):
        lacks = f"{len(missing):,} of its {len(folder.names(root)):,} files below {root / folder.path}"
        raise BenchError(f"{name} lacks {lacks}: {first(missing)}; {remedy}")


def first(names: Sequence[str], most: int = 5) -> str:
    """The first few of some names, as text."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _place(source: Path, file: "File", root: Path, origin: str) -> Path:
    # whole and checked beside the target, then renamed: a file under its name is right
    target = root / file.path
    with _beside(target) as folder:
        part = folder / "part"
        found = _unpack(source, file, part, origin)
        if found != file.sha256:
            raise BenchError(
                f"{origin} gives {file.path} with SHA-256 {found}, expected {file.sha256}; it was not kept, "
                "get the version that the papers used"
            )
        part.replace(target)
    return target


def _unpack(source: Path, file: "File", part: Path, origin: str) -> str:
    """Write what the source gives, and return its SHA-256."""
    try:
        if (found := _sha256(source)) == file.sha256:
            shutil.copyfile(source, part)
        elif file.member and is_zipfile(source):
            with ZipFile(source) as archive, archive.open(file.member) as member, part.open("wb") as out:
                shutil.copyfileobj(member, out)
        elif file.convert:
            part.write_bytes(file.convert(source.read_bytes()))
        else:
            return found  # another file, and perhaps gigabytes of it: nothing to copy
    except (KeyError, ValueError, BadZipFile) as error:
        raise BenchError(f"{origin} is not in the form that gives {file.path}: {error}") from None
    return _sha256(part)


def _download(url: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response, target.open("wb") as out:  # noqa: S310
            shutil.copyfileobj(response, out)
    except (OSError, HTTPException) as error:
        raise BenchError(
            f"cannot download {url}: {error}; try again, or get it by hand and run bench data add"
        ) from None


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    # a temporary folder on the target's own file system, so that renaming is all or nothing
    with leftovers.part(target.parent) as folder:
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise BenchError(
                f"cannot write to {target.parent}: {error.strerror}; choose a folder with --data"
            ) from None
        leftovers.remove_abandoned(target.parent)
        yield folder


def _named(file: "File", folder: Path) -> list[Path]:
    # under its own name, or as its source calls it
    names = {Path(name).name for name in (file.path, file.url, file.member) if name}
    return sorted(path for path in folder.rglob("*") if path.name in names and path.is_file())


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _hash(path, stat.st_size, stat.st_mtime_ns)


@cache
def _hash(path: Path, size: int, mtime_ns: int) -> str:
    del size, mtime_ns  # part of the cache's key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(dataset: "Dataset") -> str:
    return type(dataset).__module__.rpartition(".")[2]
