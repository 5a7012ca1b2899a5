"""A description with other values in its protocol; every other line stays as it is."""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from bench.errors import BenchError

_HEAD = re.compile(r"\s*\[protocol\]\s*(#.*)?")


def with_protocol(text: str, name: str, fields: Mapping[str, Any], reason: str) -> str:
    """The text with these fields under [protocol], each with the reason as its comment; None takes a field away.

    Raises:
        BenchError: the protocol is not written line by line, so that it has to be changed by hand.
    """
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if _HEAD.fullmatch(line)]
    if not heads:
        lines += ["", "[protocol]"]
    first = (heads[0] if heads else len(lines) - 1) + 1
    end = next((at for at in range(first, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
    own = [line for line in lines[first:end] if line.partition("=")[0].strip() not in fields]
    while own and not own[-1].strip():
        own.pop()
    own += [f"{key} = {json.dumps(value)}  # {reason}" for key, value in fields.items() if value is not None]
    made = "\n".join([*lines[:first], *own, *([""] if end < len(lines) else []), *lines[end:]]) + "\n"
    before, there = tomllib.loads(text), {key: value for key, value in fields.items() if value is not None}
    kept = {key: value for key, value in before.get("protocol", {}).items() if key not in fields}
    try:
        whole = tomllib.loads(made) == {**before, "protocol": kept | there}
    except tomllib.TOMLDecodeError:
        whole = False
    if not whole:
        wanted = ", ".join(f"{key} = {json.dumps(value)}" for key, value in there.items())
        raise BenchError(f"{name}.toml has a protocol that is not one field a line; write there yourself: {wanted}")
    return made
