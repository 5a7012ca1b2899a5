"""Names with parameters and stacks: `rot_reg[gamma=0.05,weight=10]`, `mt+ranksim`.

The same text is used on the command line, in the results path and on the board. So a name holds nothing that a file
system refuses or reads as a path: no free text ever becomes part of one.
"""

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bench.errors import BenchError
from bench.paths import is_device

LONGEST = 240  # letters of a name or stack: it is one folder, of 255 bytes at most, and names a board's file
MOST_ALTERNATIVES = 1000  # names that one with alternatives stands for
_WRITTEN = 2000  # letters of a name as a user writes it, with spaces and defaults
_BASE = "[A-Za-z_][A-Za-z0-9_-]*"
_NAME = re.compile(rf"({_BASE})\s*(?:\[([^\[\]]*)\])?")
_SEVERAL = re.compile(r"((?<==)[^,\[\]=|]*\|[^,\[\]=]*)")  # values of one parameter, as 0.1|1|10
_VALUE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_.+-]+")


@dataclass(frozen=True)
class Name:
    """One plug-in name with the parameters that were written, as text."""

    base: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        inside = ",".join(f"{key}={value}" for key, value in sorted(self.params))
        return f"{self.base}[{inside}]" if inside else self.base


def unsafe_reason(base: str) -> str | None:
    """Why a file or an entry point cannot give a plug-in its name; None where it can."""
    if not re.fullmatch(_BASE, base):
        return "its name is not made of letters, digits, _ and - alone"
    if len(base) > LONGEST // 2:
        return f"its name has {len(base)} letters, of {LONGEST // 2} that fit into the name of a folder"
    return "Windows has no folder of its name" if is_device(base) else None


def parse(text: str) -> Name:
    """Read one name; raises BenchError with the form that is expected."""
    match = _NAME.fullmatch(text.strip()) if len(text) <= _WRITTEN else None
    if match is None:
        raise BenchError(f"cannot read the name '{text}'; write it as name or name[parameter=value,...]")
    params: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in (match[2] or "").split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not (key and equals and value):
            raise BenchError(f"cannot read '{item}' in '{text}'; write parameters as name=value")
        if key in params:
            raise BenchError(f"parameter '{key}' is given twice in '{text}'")
        if not re.fullmatch(_BASE, key) or not _VALUE.fullmatch(value):
            raise BenchError(f"cannot read '{item}' in '{text}'; values are letters, digits, . _ + and - without '..'")
        params[key] = value
    return Name(match[1], tuple(params.items()))


def parse_stack(text: str) -> tuple[Name, ...]:
    """Read a stack of one or more names joined by `+`, each once."""
    if len(text) > _WRITTEN:
        raise BenchError(f"the name '{text}' has {len(text):,} letters; write at most {_WRITTEN:,}")
    names = tuple(parse(part) for part in _split(text, "+"))
    if len({name.base for name in names}) < len(names):
        raise BenchError(f"'{text}' names a method twice; write each method of a stack once")
    return names


def split_list(text: str) -> list[str]:
    """Split a list on the commas that stand outside brackets; alternatives of a value stand for a name each.

    >>> split_list("mt[copies=2|8]+oe, baseline")
    ['mt[copies=2]+oe', 'mt[copies=8]+oe', 'baseline']

    Raises:
        BenchError: nothing stands before or after a comma.
    """
    parts = [part.strip() for part in _split(text, ",")] if text.strip() else []
    if not all(parts):
        raise BenchError(f"cannot read the list '{text}'; write names with one comma between each two")
    return [name for part in parts for name in _alternatives(part)]


def _alternatives(text: str) -> Iterator[str]:
    pieces = [piece.split("|") if at % 2 else [piece] for at, piece in enumerate(_SEVERAL.split(text))]
    number = math.prod(map(len, pieces))
    if number > MOST_ALTERNATIVES:
        raise BenchError(f"'{text[:LONGEST]}' stands for {number:,} names; write at most {MOST_ALTERNATIVES:,}")
    return map("".join, itertools.product(*pieces))


def _split(text: str, mark: str) -> Iterator[str]:
    start = depth = 0
    for at, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == mark and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def require_short(name: str) -> str:
    """The canonical name of a stack or dataset, if a folder can have it.

    Raises:
        BenchError: it is too long.
    """
    if len(name) > LONGEST:
        raise BenchError(
            f"'{name}' has {len(name)} letters, of {LONGEST} that fit into a folder's name; change fewer parameters"
        )
    return name


def value_text(value: object) -> str:
    """A parameter value as it is written in a name: 10.0 -> 10, True -> true, None -> none."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
