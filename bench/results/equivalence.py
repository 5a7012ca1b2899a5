"""Whether a record is what today's code would give: by its key, or by changes of code that were proved to move nothing.

`bench results adopt` trains sampled cells again and, where they agree with what is stored, writes one line a changed
part into `equivalences.json` beside the records. Records themselves are never rewritten.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.names import parse, parse_stack, value_text
from bench.printable import plain
from bench.results import reading
from bench.results.key import key_of, protocol_part
from bench.results.record import Record

FILE = "equivalences.json"
_WITH = " with "
Filled = Annotated[str, MinLen(1)]
_CELL = re.compile(r"([^/]+)/([^/]+)/(0|[1-9][0-9]*)", re.ASCII)
_FORMS = {  # of each field of a line, as `bench results adopt` writes it
    "what": re.compile(r"(dataset|method|shared) \S+"),
    "commit": re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?"),
    "agreement": re.compile(
        r"(bit for bit|within [0-9.e+-]+ of the predictions' deviation, on another torch or processor)"
        r"( with [0-9a-f]{40,64} here)?"
    ),
}
_PART = re.compile(r"[0-9a-f]{64}( with(out)? .+)?")  # of a plug-in
_SHARED = re.compile(r"[a-z_]+ ([0-9]+|None)", re.ASCII)  # which a configuration may not have had


@dataclass(frozen=True, order=True)
class Equivalence:
    """Two versions of one part of the code that give the same numbers.

    Args:
        old, new: a plug-in's digest, or a group of shared code with its version, as "losses 2". What schema 1 called
            the engine is "engine 1". A digest "with lag=1" is of a plug-in that has got that parameter, at that value:
            what was proved of one value says nothing of another.
        what: the plug-in or group, for people.
        cells: dataset/method/seed of those trained again.
        commit: of the code that trained them.
        agreement: "bit for bit", or the tolerance.
    """

    old: Filled
    new: Filled
    what: Filled
    cells: Annotated[tuple[Filled, ...], MinLen(1)]
    commit: str | None
    agreement: Filled


_LINES = TypeAdapter(list[Equivalence], config=ConfigDict(extra="forbid"))


class Equivalences:
    """The lines of a results folder; `old` leads to `new` over as many lines as there are."""

    def __init__(self, lines: tuple[Equivalence, ...] = ()) -> None:
        self.lines = lines
        self._next: dict[str, set[str]] = {}
        for line in lines:
            self._next.setdefault(line.old, set()).add(line.new)

    @classmethod
    def read(cls, results: Path) -> "Equivalences":
        """Those of a results folder; none where it has no such file.

        Raises:
            BenchError: the file is not what `bench results adopt` writes.
        """
        path = results / FILE
        if not os.path.lexists(path):
            return cls()
        try:
            reading.parse(content := reading.read_bytes(path))
            lines = tuple(_LINES.validate_json(content, strict=True))
            if (reason := next(filter(None, map(_fault, lines)), None)) is None:
                return cls(lines)
        except reading.Unreadable as error:
            reason = error.reason
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (BenchError, ValueError, RecursionError) as error:
            reason = str(error)
        raise BenchError(f"{path} is no list of equivalences ({plain(reason)}); restore it from version control")

    def write(self, results: Path) -> None:
        """Write them all, one a line, in a fixed order."""
        text = ",\n".join(json.dumps(asdict(line)) for line in sorted(self.lines))
        replace_file(results / FILE, f"[\n{text}\n]\n".encode())

    def leads(self, old: str, new: str) -> bool:
        """Whether the old part was proved to equal the new one."""
        wanted = {new, new.partition(_WITH)[0]}  # lines of before 2026-11-27 do not say the values of new parameters
        seen, todo = set[str](), [old]
        while todo:
            part = todo.pop()
            if part in wanted:
                return True
            if part not in seen:
                seen.add(part)
                code, mark, values = part.partition(_WITH)
                todo += self._next.get(part, ())
                todo += [f"{later}{mark}{values}" for later in self._next.get(code, ()) if mark and _WITH not in later]
        return False

    def is_current(self, record: Record, today: Mapping[str, Any] | None) -> bool:
        """Whether today's resolved configuration of a record's cell would give its numbers."""
        if today is None or not has_own_key(record):
            return False
        if record.key == key_of(today, record.seed, record.data_fingerprint):
            return True
        if not same_settings(record.config, today):
            return False
        return all(self.leads(old, new) for _, old, new in changes(record.config, today))


def _fault(line: Equivalence) -> str | None:
    # why a line is none that was proved: of another form, or of cells that say nothing of its part
    values = {name: value for name in _FORMS if (value := getattr(line, name)) is not None}
    if wrong := [name for name, value in values.items() if not _FORMS[name].fullmatch(value)]:
        return f"{wrong[0]} is '{values[wrong[0]][:60]}'"
    kind, name = line.what.split(" ")
    form = _SHARED if kind == "shared" else _PART
    if not (form.fullmatch(line.old) and form.fullmatch(line.new)):
        return f"the versions of {line.what} are none"
    for cell in line.cells:
        if (match := _CELL.fullmatch(cell)) is None:
            return f"'{cell[:60]}' is no cell"
        parts = {"dataset": (parse(match[1]),), "method": parse_stack(match[2])}
        if kind in parts and name not in {part.base for part in parts[kind]}:
            return f"the cell {cell[:60]} says nothing of {line.what}"
    return None


def has_own_key(record: Record) -> bool:
    """Whether a record's key is the key of the configuration, seed and data that it states."""
    return record.key == key_of(record.config, record.seed, record.data_fingerprint)


def same_settings(then: Mapping[str, Any], today: Mapping[str, Any]) -> bool:
    """Whether two configurations of one cell ask for the same, whatever code did it: names, parameters and protocol.

    A parameter that a plug-in did not have `then` is at its default `today`, as the cell's name does not give it.
    """
    parts = [[config["dataset"], *config["method"]] for config in (then, today)]
    if [part["name"] for part in parts[0]] != [part["name"] for part in parts[1]]:
        return False
    pairs = [(old["params"], new["params"]) for old, new in zip(*parts, strict=True)]
    known = all(old == {key: value for key, value in new.items() if key in old} for old, new in pairs)
    return known and protocol_part(then) == protocol_part(today)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The parts of the code in which two configurations of equal settings differ: (what, old, new)."""
    pairs = zip([old["dataset"], *old["method"]], [new["dataset"], *new["method"]], strict=True)
    for place, (before, after) in enumerate(pairs):
        what, further = f"{'method' if place else 'dataset'} {after['name']}", after["params"].keys() - before["params"]
        values = ",".join(f"{name}={value_text(after['params'][name])}" for name in sorted(further))
        becomes = f"{after['digest']}{_WITH}{values}" if values else after["digest"]
        if before["digest"] != after["digest"]:
            yield what, before["digest"], becomes
        elif further:  # of a base that it shares with others
            yield what, f"{before['digest']} without {', '.join(sorted(further))}", becomes
    before, after = _shared_code(old), _shared_code(new)
    for group, version in after.items():
        was = before.get(group, before.get("engine"))
        part = f"engine {was}" if "engine" in before else f"{group} {was}"
        if part != f"{group} {version}":
            yield f"shared {group}", part, f"{group} {version}"


def _shared_code(config: Mapping[str, Any]) -> dict[str, int]:
    # schema 1 had one version for all of it
    return config["numerics"] if "numerics" in config else {"engine": config["engine"]}
