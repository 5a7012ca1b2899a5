"""Data files: which are there, fetched from their source or taken from the user, always checked by SHA-256.

Nothing is unpickled, and of an archive only the bytes of the one member that is asked for are read.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote
from typing import IO, TYPE_CHECKING, Literal
from zipfile import is_zipfile

from bench import leftovers
from bench.data import download
from bench.data.archives import unzipped
from bench.data.kept import part_folder
from bench.data.reading import LARGEST, content, opened, why
from bench.errors import BenchError
from bench.paths import from_home, require_no_file, target

if TYPE_CHECKING:  # torch stays out where only the root is asked for
    from bench.dataset import Dataset, File, Folder

State = Literal["present", "missing", "wrong checksum"]


@dataclass(frozen=True)
class Row:
    """One file of a dataset, or the alternative that stands in for it; found and expected are its checksums."""

    file: "File"
    path: str
    state: State
    size: str = ""
    found: str = ""
    expected: str = ""
    kind: str = "SHA-256"

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
        return from_home(option)
    if os.environ.get("BENCH_DATA"):
        folder = from_home(os.environ["BENCH_DATA"])
        require_no_file(folder, "$BENCH_DATA")
        return folder
    from platformdirs import user_data_path

    return user_data_path("regression-bench", appauthor=False)


def status(dataset: "Dataset", root: Path) -> list[Row]:
    """One row a file, and one for a folder of many."""
    rows = [row_of(file, root) for file in dataset.files]
    return rows if dataset.folder is None else [*rows, _folder_row(dataset.folder, root)]


def verify(dataset: "Dataset", root: Path, name: str | None = None) -> None:
    """Check that every file is there and right.

    Args:
        name: the dataset's name with its parameters, for the message; its file name by default.

    Raises:
        BenchError: saying what to do.
    """
    for folder in _folders(dataset, root):
        leftovers.remove_abandoned(folder)
    rows = [row_of(file, root) for file in dataset.files]
    wrong = next((row for row in rows if row.state == "wrong checksum"), None)
    lacking = wrong or next((row for row in rows if row.state == "missing"), None)
    name = name or name_of(dataset)
    offline = f", or take the offline source {quote(dataset.offline)}" if dataset.offline else ""
    if lacking is None:
        if dataset.folder is not None:
            _verify_folder(dataset.folder, root, name, f"run `bench data add {quote(name)} PATH`{offline}")
        return
    verb = f"fetch {quote(name)}" if lacking.file.url else f"add {quote(name)} PATH"
    if wrong:
        what = f"{root / wrong.path} has {wrong.kind} {wrong.found}, expected {wrong.expected}"
    else:
        missing = [row.path for row in rows if row.state == "missing"]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        what = f"{name} has no data: {root / missing[0]}{more} is missing"
    raise BenchError(f"{what}; run `bench data {verb}`{offline}")


def fetch(dataset: "Dataset", root: Path) -> Iterator[Path]:
    """Download what is missing or wrong; yields each new file."""
    for row in (row_of(file, root) for file in dataset.files):
        if row.state == "present":
            continue
        if row.file.url is None:
            name = quote(name_of(dataset))
            raise BenchError(
                f"{row.path} is handed out by its authors only; get it and run `bench data add {name} PATH`"
            )
        with part_folder((root / row.file.path).parent) as folder:
            download.download(
                (row.file.url, *row.file.mirrors),
                folder / "download",
                None if row.file.member or row.file.convert else row.file.sha256 or None,
                row.file.largest,
            )
            yield place(folder / "download", row.file, root, row.file.url)


def row_of(file: "File", root: Path) -> Row:
    """What is there of a file."""
    there = file.find(root)
    if there is None:
        return Row(file, file.path, "missing")
    path = root / there.path
    (kind, expected), found = there.checksum, _checksum(path, there)
    state: State = "present" if found == expected else "wrong checksum"
    return Row(file, there.path, state, f"{path.stat().st_size / 1e3:,.0f} kB", found, expected, kind)


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


def _folders(dataset: "Dataset", root: Path) -> set[Path]:
    own = {root / dataset.folder.path} if dataset.folder else set[Path]()
    return {(root / file.path).parent for file in (*dataset.files, *dataset.optional)} | own


def first(names: Sequence[str], most: int = 5) -> str:
    """The first few of some names, as text."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def place(source: Path, file: "File", root: Path, origin: str) -> Path:
    """Put a file in its place below the data root, made of what the source gives.

    Raises:
        BenchError: the source gives something else; nothing is kept then.
    """
    top, _, below = file.path.rpartition("/")
    where = target(root / top, below, origin)
    # whole and checked beside the target, then renamed: a file under its name is right
    with part_folder(where.parent) as folder:
        part = folder / "part"
        found = _unpack(source, file, part, origin)
        kind, expected = file.checksum
        if found != expected:
            raise BenchError(
                f"{origin} gives {file.path} with {kind} {found}, expected {expected}; it was not kept, "
                "get the version that the papers used"
            )
        if where.is_dir() and not where.is_symlink():
            raise BenchError(f"{where} is a folder, where a file belongs; remove it")
        part.replace(where)
    return where


def _unpack(source: Path, file: "File", part: Path, origin: str) -> str:
    """Write what the source gives, and return its checksum."""
    if (found := _checksum(source, file)) == file.checksum[1]:
        with opened(source) as raw, part.open("wb") as out:
            shutil.copyfileobj(raw, out)
    elif file.member and is_zipfile(source):
        with opened(source) as raw, unzipped(raw, file.member, origin, file.path) as member, part.open("wb") as out:
            _copy(member, out, file.largest, origin)
    elif file.convert:
        try:
            part.write_bytes(file.convert(content(source, min(file.largest, LARGEST))))
        except BenchError:
            raise
        except Exception as error:  # a plug-in's own code, on a file of unknown form
            raise BenchError(f"{origin} is not in the form that gives {file.path}: {why(error)}") from None
    else:
        return found  # another file, and perhaps gigabytes of it: nothing to copy
    return _checksum(part, file)


def _copy(source: IO[bytes], out: IO[bytes], largest: int, origin: str) -> None:
    size = 0
    while chunk := source.read(2**20):
        size += len(chunk)
        if size > largest:
            raise BenchError(f"{origin} unpacks to more than {largest / 1e6:,.0f} MB; it was not kept")
        out.write(chunk)


def _checksum(path: Path, file: "File") -> str:
    about = path.stat()
    return _hash(path, about.st_size, about.st_mtime_ns, file.checksum[0] == "Git hash")


@cache
def _hash(path: Path, size: int, mtime_ns: int, git: bool) -> str:
    del mtime_ns  # part of the cache's key
    # Git puts the kind of what it hashes, and the size, in front
    start = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with opened(path) as file:
        try:
            return hashlib.file_digest(file, start.copy if git else "sha256").hexdigest()
        except OSError as error:
            raise BenchError(f"{path} cannot be read: {why(error)}") from None


def name_of(dataset: "Dataset") -> str:
    """Its file's name."""
    return type(dataset).__module__.rpartition(".")[2]
