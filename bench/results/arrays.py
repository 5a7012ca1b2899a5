"""Files of predictions, read as if a stranger had made them: no link, no pickle, and nothing larger than it may be."""

import hashlib
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import numpy as np

from bench.results.reading import kind_of

KEY = re.compile(r"(seed-(?:0|[1-9][0-9]*))((?:/[A-Za-z0-9_.]+)*)", re.ASCII)  # names that the harness gives
HEADER = 4096  # bytes; a header that we write has 128
MOST_ARRAYS = 100_000
LARGEST = 2**32  # bytes of one array, where nobody knows better
CHUNK = 2**20
_ERRORS = (
    BadZipFile, EOFError, KeyError, MemoryError, NotImplementedError, OSError, OverflowError, RecursionError,
    RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


class Unsound(Exception):
    """A file or array that is not as the harness writes it; the message says what it is, in a few words."""


class Arrays:
    """The arrays of one open file."""

    def __init__(self, archive: ZipFile, largest: int) -> None:
        members = archive.infolist()
        if len(members) > MOST_ARRAYS:
            raise Unsound("has too many arrays")
        names = Counter(member.filename for member in members)
        if twice := [name for name, number in names.items() if number > 1]:
            raise Unsound(f"has {twice[0]} twice")
        self.archive, self.largest = archive, largest
        self.members = {member.filename.removesuffix(".npy"): member for member in members}

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def digest(self, key: str, shape: tuple[int, ...] | None = None) -> tuple[str, tuple[int, ...]]:
        """SHA-256 over the values of an array, never held as a whole, and its shape.

        Args:
            shape: that it must have; None where nobody knows.

        Raises:
            Unsound: it is not there, not of little-endian float32, or not of that shape.
        """
        with _unsound(key), self._open(key) as file:
            found = self._header(key, file, shape)
            made = hashlib.sha256()
            while chunk := file.read(CHUNK):
                made.update(chunk)
            return made.hexdigest(), found

    def load(self, key: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
        """The values of an array; arguments and errors as of `digest`."""
        with _unsound(key), self._open(key) as file:
            found = self._header(key, file, shape)
            return np.frombuffer(bytearray(file.read()), dtype="<f4").reshape(found)

    def _open(self, key: str) -> IO[bytes]:
        if key not in self.members:
            raise Unsound(f"has no array {key}")
        return self.archive.open(self.members[key])

    def _header(self, key: str, file: IO[bytes], shape: tuple[int, ...] | None) -> tuple[int, ...]:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise Unsound(f"array {key} is of another form than the harness writes")
        found, by_column, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=HEADER)
        if dtype != np.dtype("<f4") or by_column:
            raise Unsound(f"array {key} is not of 32-bit numbers in row order")
        if shape is not None and found != shape:
            raise Unsound(f"array {key} has shape {found}, not {shape}")
        size = self.members[key].file_size - file.tell()
        if size != 4 * int(np.prod(found, dtype=object)) or size > self.largest:
            raise Unsound(f"array {key} has not the size that it says")
        return found


@contextmanager
def opened(path: Path, largest: int = LARGEST) -> Iterator[Arrays]:
    """The arrays of a file.

    Args:
        largest: bytes that one array may have.

    Raises:
        Unsound: it is missing, no plain file, or not as the harness writes it.
    """
    if not path.exists() and not path.is_symlink():
        raise Unsound("is not there")
    if (kind := kind_of(path)) is not None:
        raise Unsound(f"is {kind}")
    with _unsound("the file"), ZipFile(path) as archive:
        yield Arrays(archive, largest)


@contextmanager
def _unsound(what: str) -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        raise Unsound(f"{what} cannot be read: {str(error) or type(error).__name__}") from None
