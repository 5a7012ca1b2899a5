"""Names with parameters and stacks: `rot_reg[gamma=0.05,weight=10]`, `mt+ranksim`.

The same text is used on the command line, in the results path and on the board.
"""

import re
from dataclasses import dataclass

from bench.errors import BenchError

_NAME = re.compile(r"\s*([A-Za-z_][\w-]*)\s*(?:\[([^\[\]]*)\])?\s*")


@dataclass(frozen=True)
class Name:
    """One plug-in name with the parameters that were written, as text."""

    base: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        inside = ",".join(f"{key}={value}" for key, value in sorted(self.params))
        return f"{self.base}[{inside}]" if inside else self.base


def parse(text: str) -> Name:
    """Read one name; raises BenchError with the form that is expected."""
    match = _NAME.fullmatch(text)
    if match is None:
        raise BenchError(f"cannot read the name '{text}'; write it as name or name[parameter=value,...]")
    params: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in (match[2] or "").split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not (key and equals and value):
            raise BenchError(f"cannot read '{item}' in '{text}'; write parameters as name=value")
        if key in params:
            raise BenchError(f"parameter '{key}' is given twice in '{text}'")
        params[key] = value
    return Name(match[1], tuple(params.items()))


def parse_stack(text: str) -> tuple[Name, ...]:
    """Read a stack of one or more names joined by `+`."""
    return tuple(parse(part) for part in _split(text, "+"))


def split_list(text: str) -> list[str]:
    """Split a list on the commas that stand outside brackets."""
    return [part.strip() for part in _split(text, ",") if part.strip()]


def _split(text: str, mark: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == mark and depth <= 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def value_text(value: object) -> str:
    """A parameter value as it is written in a name: 10.0 -> 10, True -> true, None -> none."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)
