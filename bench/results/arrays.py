"""Files of predictions, read as if a stranger had made them: no link, no pickle, and nothing larger than it may be."""

import hashlib
import io
import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from bench.results.reading import kind_of

KEY = re.compile(r"(seed-(?:0|[1-9][0-9]*))((?:/[A-Za-z0-9_.]+)*)", re.ASCII)  # names that the harness gives
HEADER = 4096  # bytes; a header that we write has 128
PREFIX = 10  # bytes of a header that say how long it is
MOST_ARRAYS = 100_000
LARGEST = 2**32  # bytes of one array, where nobody knows better
CHUNK = 2**20
END = 22  # bytes of the record that ends an archive
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
        names = Counter(member.filename.removesuffix(".npy") for member in members)  # as NumPy takes them
        if not _is_whole(archive):
            raise Unsound("has bytes that are of no array")
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
        with unsound(key), self._open(key) as file:
            prefix = file.read(PREFIX)
            found = self._shape(key, prefix + file.read(_header_size(prefix) - PREFIX), shape)
            made = hashlib.sha256()
            while chunk := file.read(CHUNK):
                made.update(chunk)
            return made.hexdigest(), found

    def load(self, key: str, shape: tuple[int, ...] | None = None, sha256: str | None = None) -> np.ndarray:
        """The values of an array; arguments and errors as of `digest`.

        Args:
            sha256: that the values must have; None where nobody knows.
        """
        with unsound(key):
            if self._member(key).file_size > self.largest + HEADER:
                raise Unsound(f"array {key} has not the size that it says")
            content = self.archive.read(self._member(key))
            begin = _header_size(content[:PREFIX])
            found = self._shape(key, content[:begin], shape)
            values = bytearray(memoryview(content)[begin:])
        if sha256 is not None and hashlib.sha256(values).hexdigest() != sha256:
            raise Unsound(f"array {key} has not the SHA-256 of the record")
        return np.frombuffer(values, dtype="<f4").reshape(found)

    def _member(self, key: str) -> ZipInfo:
        if key not in self.members:
            raise Unsound(f"has no array {key}")
        return self.members[key]

    def _open(self, key: str) -> IO[bytes]:
        return self.archive.open(self._member(key))

    def _shape(self, key: str, header: bytes, shape: tuple[int, ...] | None) -> tuple[int, ...]:
        found, by_column, dtype = _parsed(header)
        if dtype != np.dtype("<f4") or by_column:
            raise Unsound(f"array {key} is not of 32-bit numbers in row order")
        if shape is not None and found != shape:
            raise Unsound(f"array {key} has shape {found}, not {shape}")
        size = self.members[key].file_size - len(header)
        if size != 4 * math.prod(found) or size > self.largest:
            raise Unsound(f"array {key} has not the size that it says")
        return found


def _is_whole(archive: ZipFile) -> bool:
    # its members from the first byte on, its directory and its end, without a comment: nothing before or behind
    file, first = archive.fp, min((member.header_offset for member in archive.infolist()), default=archive.start_dir)
    assert file is not None
    file.seek(archive.start_dir)
    ends = file.read().rfind(b"PK\5\6") + archive.start_dir
    return first == 0 and not archive.comment and file.seek(0, 2) == ends + END


def _header_size(prefix: bytes) -> int:
    # of an array's file in version 1.0: magic, version, length of the rest, the rest
    return PREFIX + min(int.from_bytes(prefix[8:PREFIX], "little"), HEADER)


@lru_cache(maxsize=256)  # the arrays of a dataset have the same one
def _parsed(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    file = io.BytesIO(header)
    if np.lib.format.read_magic(file) != (1, 0):
        raise Unsound("an array is of another form than the harness writes")
    return np.lib.format.read_array_header_1_0(file, max_header_size=HEADER)


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
    with unsound("the file"), ZipFile(path) as archive:
        yield Arrays(archive, largest)


@contextmanager
def unsound(what: str) -> Iterator[None]:
    """Turns whatever a damaged file may raise into an Unsound that says what cannot be read."""
    try:
        yield
    except _ERRORS as error:
        raise Unsound(f"{what} cannot be read: {str(error) or type(error).__name__}") from None
