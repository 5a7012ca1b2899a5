"""What a results folder holds: its good records, and what was left out with the reason.

Nothing that lies there can stop a reader: no odd file, no link, no copy that another program made.
"""

import gc
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Self

from bench.errors import BenchError
from bench.printable import plain
from bench.results.reading import Unreadable, read, read_with_digest
from bench.results.record import Record

RECORD = re.compile(r"seed-(0|[1-9][0-9]*)\.json", re.ASCII)
# temporary names of an older version's writes, what a write has set aside, and models: all known, none a record
OURS = re.compile(
    r"\.seed-[0-9]+\.json\.[a-z0-9_]{8}|(seed-[0-9]+\.json|predictions.*\.npz)\.aside(-[0-9]+)?|model-[0-9]+\.json",
    re.ASCII,
)
LIKE_A_RECORD = re.compile(r"seed|\.json", re.IGNORECASE)
LIKE_A_FILE = re.compile(r"^seed-|^predictions|\.npz", re.IGNORECASE)  # of a row
OF_THE_FOLDER = {"equivalences.json", "record.schema.json"}
SELDOM = 100_000  # objects that are made between two searches for cycles; a record has a few hundred
_LOSS, _TIME = attrgetter("epoch", "loss"), attrgetter("seconds")  # of an epoch
NO_ROW = "lies in no row; records are DATASET/METHOD/seed-N.json"


@dataclass(frozen=True, order=True)
class Refused:
    """A file or folder that counts nowhere: its path below the results folder, and why."""

    path: str
    reason: str

    @property
    def dataset(self) -> str:
        """The folder of a dataset that it lies in."""
        return self.path.partition("/")[0]


@dataclass(frozen=True)
class Trail:
    """What a history says, in short: the number of epochs, and hashes of all losses and of all times."""

    epochs: int
    losses: int
    seconds: int

    @classmethod
    def of(cls, record: Record) -> Self:
        """Of a record with its history."""
        rows = record.history
        return cls(len(rows), hash(tuple(map(_LOSS, rows))), hash(tuple(map(_TIME, rows))))


@dataclass
class Intake:
    """The good records of a results folder in a fixed order, what was refused, and SHA-256 of each record's file.

    `rows` are all folders of rows that have records or predictions, as (dataset, method); `trails` how each cell was
    trained.
    """

    records: list[Record] = field(default_factory=list[Record])
    refused: list[Refused] = field(default_factory=list[Refused])
    digests: dict[str, str] = field(default_factory=dict[str, str])  # by Record.cell
    trails: dict[str, "Trail"] = field(default_factory=dict[str, "Trail"])  # likewise
    rows: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def is_empty(self) -> bool:
        """Whether it is none of a results folder: without rows, nor a link to one."""
        return not self.rows and all(one.reason == NO_ROW for one in self.refused)

    @property
    def refused_words(self) -> str:
        """How many files were refused and which is the first, for an error; empty where none was."""
        if not self.refused:
            return ""
        first = self.refused[0]
        return f" ({len(self.refused)} files are left out; the first: {plain(first.path)}: {first.reason})"


def take_in(results: Path, dataset: str | None = None, history: bool = True) -> Intake:
    """Read a results folder.

    Args:
        dataset: this one alone.
        history: False leaves the epochs out once they are checked; they are most of a record's memory.
    """
    made = Intake()
    with _no_collection():
        for path in _places(results, dataset, made):
            try:
                record, digest = read_with_digest(path)
            except Unreadable as error:
                made.refused.append(Refused(path.relative_to(results).as_posix(), error.reason))
                continue
            made.records.append(record if history else record.model_copy(update={"history": []}))
            made.digests[record.cell] = digest
            made.trails[record.cell] = Trail.of(record)
    _refuse_second_names(made)
    made.refused.sort()
    return made


def require_records(results: Path) -> Intake:
    """What a folder holds that is to be one of results.

    Raises:
        BenchError: it is none, or holds no records at all.
    """
    if not results.is_dir():
        raise BenchError(f"no results folder {results}; name a folder that bench run --results has written")
    if (intake := take_in(results)).is_empty:
        raise BenchError(
            f"no records in {results}{intake.refused_words}; name a folder that bench run --results has written"
        )
    return intake


def of_cell(path: Path) -> Record | None:
    """The record that lies at the place of a cell; None where nothing does.

    Raises:
        Unreadable: something else lies there.
    """
    for folder in (path.parents[1], path.parent):
        if folder.is_symlink():
            raise Unreadable(path, "behind a symbolic link; a results folder holds none")
    return read(path) if os.path.lexists(path) else None


def _places(results: Path, dataset: str | None, made: Intake) -> Iterator[Path]:
    # every file that is named as a record in a row's folder; what only looks like one is refused here
    for folder in _folders(results, results, made):
        if dataset not in (None, folder.name):
            continue
        for row in _folders(results, folder, made):
            found, entries = [], _entries(results, row, made)
            if any(LIKE_A_FILE.search(entry.name) and not entry.is_dir(follow_symlinks=False) for entry in entries):
                made.rows.append((folder.name, row.name))
            for entry in entries:
                if RECORD.fullmatch(entry.name):
                    found.append(entry.name)
                elif LIKE_A_RECORD.search(entry.name) and not OURS.fullmatch(entry.name):
                    made.refused.append(_refused(results, entry, "not named as a record, which is seed-N.json"))
                elif entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    made.refused += _nested(results, entry, made)
            yield from (row / name for name in sorted(found, key=lambda name: (len(name), name)))


def _folders(results: Path, within: Path, made: Intake) -> list[Path]:
    found = []
    for entry in _entries(results, within, made):
        if entry.is_symlink() and (entry.is_dir() or not Path(entry.path).exists()):
            made.refused.append(_refused(results, entry, "a symbolic link; a results folder holds none"))
        elif entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith("."):
                found.append(Path(entry.path))
        elif _is_like_results(entry.name) and entry.name not in OF_THE_FOLDER and not entry.name.startswith("."):
            made.refused.append(_refused(results, entry, NO_ROW))
    return sorted(found)


def _is_like_results(name: str) -> bool:
    return bool(LIKE_A_RECORD.search(name) or LIKE_A_FILE.search(name))


def _nested(results: Path, folder: os.DirEntry[str], made: Intake) -> Iterator[Refused]:
    # a row or a whole results folder that was copied a level too deep
    if not OURS.fullmatch(folder.name):
        inside = _entries(results, Path(folder.path), made)
        yield from (_refused(results, entry, NO_ROW) for entry in inside if LIKE_A_FILE.search(entry.name))


def _entries(results: Path, folder: Path, made: Intake) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as there:
            return sorted(there, key=lambda entry: entry.name)
    except OSError as error:
        if folder != results:
            made.refused.append(Refused(folder.relative_to(results).as_posix(), f"cannot be read: {error.strerror}"))
        return []


def _refused(results: Path, entry: os.DirEntry[str], reason: str) -> Refused:
    return Refused(Path(entry.path).relative_to(results).as_posix(), reason)


def _refuse_second_names(made: Intake) -> None:
    # one cell under two names has one key; the shorter name is the canonical one, which leaves defaults out
    by_key: dict[str, list[Record]] = defaultdict(list)
    for record in made.records:
        by_key[record.key].append(record)
    for same in by_key.values():
        first, *others = sorted(same, key=lambda record: (len(record.cell), record.cell))
        for record in others:
            made.records.remove(record)
            made.refused.append(Refused(record.path, f"another spelling of {first.dataset}/{first.method}"))


@contextmanager
def _no_collection() -> Iterator[None]:
    # many records are many objects without a cycle: looking for one again and again takes longer than reading them
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def kept_as_they_are() -> Iterator[None]:
    """While all that is in memory stays there, as records do: no search for cycles looks at it again and again.

    What comes to it is looked at seldom: nearly all of that is records and tables, which have no cycle either.
    """
    usual = gc.get_threshold()
    outermost = usual[0] != SELDOM and not gc.get_freeze_count()  # which counts one by one
    gc.freeze()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if outermost:  # else what is kept around this would be let go too early
            gc.unfreeze()
