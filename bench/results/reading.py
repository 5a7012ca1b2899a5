"""Reading one record as if a stranger had written it: never a link, a pipe or a bomb, and true to its place."""

import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from bench.errors import BenchError
from bench.printable import plain
from bench.results.identity import fault
from bench.results.record import Epoch, Record

EPOCHS = TypeAdapter(list[Epoch])
LARGEST = 16 * 2**20  # bytes; the longest history is far below
MANY = 16  # objects of one list
_NAME = re.compile(rb'"\s*:')  # how each name of an object ends
KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unreadable(BenchError):
    """A file that is no record of its place; `reason` says why, the message also where and what to do."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{plain(path)} is not a whole record ({reason}); move it away and run the cell again")
        self.reason = reason


def read(path: Path) -> Record:
    """Read one record.

    Raises:
        Unreadable: it is no whole record, or not the record of its place.
    """
    return read_with_digest(path)[0]


def read_with_digest(path: Path) -> tuple[Record, str]:
    """As read, and the SHA-256 of the file."""
    content = read_bytes(path)
    try:
        record = Record.model_validate(parse(content), strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise Unreadable(path, plain(f"{where}: {first['msg']}")) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(path, plain(f"no JSON: {error}", 100)) from None
    reason = fault(record, (path.parts[-3], path.parts[-2], path.name))
    if reason is not None:
        raise Unreadable(path, plain(reason))
    return record, hashlib.sha256(content).hexdigest()


def read_again(record: Record, path: Path, digest: str) -> tuple[Record, dict[str, Any]]:
    """A record that was read before, now with its history, and the fields of its file.

    Args:
        digest: of the file that it was read from: what has not changed since need not be checked twice.

    Raises:
        Unreadable: it has changed, and is no record any more.
    """
    content = read_bytes(path)
    if hashlib.sha256(content).hexdigest() != digest:
        return read(path), parse(content)
    fields = from_json(content)
    return record.model_copy(update={"history": EPOCHS.validate_python(fields.get("history", []), strict=True)}), fields


def read_bytes(path: Path) -> bytes:
    """The content of a file of the size that a record may have.

    Raises:
        Unreadable: it is no plain file, too large, or cannot be read.
    """
    if (kind := kind_of(path)) is not None:
        raise Unreadable(path, kind)
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(path, f"it has more than {LARGEST >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(path, f"cannot be read: {error.strerror}") from None


def kind_of(path: Path) -> str | None:
    """What a path is that is no plain file, in words; None for a plain file."""
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', error)}"
    return None if stat.S_ISREG(mode) else KINDS.get(stat.S_IFMT(mode), "no plain file")


def parse(content: bytes) -> Any:
    """JSON as the standard has it: UTF-8, no name twice, no NaN, no half of a character.

    Raises:
        ValueError: it is something else.
        RecursionError: it is too deep.
    """
    made = from_json(content, allow_inf_nan=False)
    # As many names in the text as are left in the objects: none stood twice. A text that begins with a colon looks like
    # one name more, and objects in long lists like names too few: then each object is looked at, which takes longer.
    if len(_NAME.findall(content)) != _names(made):
        json.loads(content, object_pairs_hook=_unique)
    return made


def _names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum([_names(part) for part in value.values() if isinstance(part, dict | list)])
    if not isinstance(value, list):
        return 0
    if len(value) > MANY:  # a history, whose epochs hold no objects
        return sum([len(part) for part in value if isinstance(part, dict)])
    return sum([_names(part) for part in value if isinstance(part, dict | list)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return made
