"""Zip archives of unknown making: one member is read, and nothing is ever unpacked by the names that they hold."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from zipfile import ZipFile

from bench.data.reading import why
from bench.errors import BenchError
from bench.paths import shown

STEEPEST = 1000  # bytes out of a byte in, beyond which a member is a bomb; tables of text come to 20
MOST_MEMBERS = 100_000


@contextmanager
def unzipped(file: IO[bytes], member: str | None, origin: object, gives: str) -> Iterator[IO[bytes]]:
    """A member of a zip archive for reading; None asks for its first file.

    Args:
        origin: of the archive, for the message.
        gives: what is made of the member, for the message.

    Raises:
        BenchError: there is no such member, or one that is encrypted, damaged, a bomb or packed in an unknown way.
    """
    try:
        with ZipFile(file) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise ValueError(f"it has more than {MOST_MEMBERS:,} members")
            found = [one for one in archive.infolist() if not one.is_dir() and member in (None, one.filename)]
            if not found:
                raise ValueError(f"there is no {shown(member)} in the archive" if member else "the archive is empty")
            if member and len(found) > 1:
                raise ValueError(f"{shown(member)} is in the archive {len(found)} times")
            if found[0].file_size > STEEPEST * max(found[0].compress_size, 1):
                raise ValueError(f"{found[0].compress_size} bytes that unpack to {found[0].file_size:,} are a bomb")
            with archive.open(found[0]) as inside:
                yield inside
    except BenchError:
        raise
    except Exception as error:  # encrypted, packed in an unknown way, cut, ...: each is another error in zipfile
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise  # of what is written meanwhile
        raise BenchError(f"{origin} is not in the form that gives {gives}: {why(error)}; get it again") from None
