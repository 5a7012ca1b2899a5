"""Datasets that a description makes, beside those that a file in datasets/ defines: `houses.toml` is `houses`.

They are known by name in this process once they are registered, and go out to workers as plain data.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import Any

from bench import paths
from bench.atomic import replace_file
from bench.errors import BenchError
from bench.names import unsafe_reason
from bench.plugins.discovery import RESERVED, Kind, modules

# the module of each kind of data, whose one class makes a dataset of a description
MODULES = {
    "table": "bench.described.table",
    "pictures": "bench.described.pictures",
    "texts": "bench.described.texts",
}
DATA = (".csv", ".tsv", ".txt", ".jsonl", ".parquet")  # endings of files of rows
HUB = "hf:"  # begins the name of a dataset on Hugging Face's hub
LARGEST = 2**24  # bytes of a description
_PATH = re.compile(r"^path = (\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)

_known: dict[str, "Described"] = {}


@dataclass(frozen=True)
class Described:
    """A dataset's name, its description as TOML, and the folder that paths in it start from."""

    name: str
    text: str
    folder: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """The description, not checked yet.

        Raises:
            BenchError: it is no TOML.
        """
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise BenchError(f"{self.name}.toml is no TOML: {error}; mend that line") from None

    @property
    def module(self) -> str:
        """The module of its kind of data.

        Raises:
            BenchError: there is no such kind.
        """
        kind = self.content.get("kind")
        if not isinstance(kind, str) or kind not in MODULES:
            there = ", ".join(MODULES)
            raise BenchError(f"{self.name}.toml: kind is {json.dumps(kind, default=str)}; there are: {there}")
        return MODULES[kind]

    @property
    def file(self) -> Path:
        """Where the description itself lies, or would, of data without one."""
        return Path(self.folder, f"{self.name}.toml")

    @property
    def path(self) -> Path:
        """Where its data lie."""
        path = self.content.get("path")
        if not isinstance(path, str) or not path:
            raise BenchError(f'{self.name}.toml names no data; write path = "FILE"')
        return Path(path) if path.startswith(HUB) else Path(self.folder, path).absolute()

    def state(self) -> list[Any]:
        """What an answer on it depends on, without reading its data: its text, and size and time of the files."""
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        try:
            files = sorted(self.path.rglob("*")) if self.path.is_dir() else [self.path]
            seen = [(str(file), about.st_size, about.st_mtime_ns) for file in files if (about := file.stat())]
        except (BenchError, OSError):
            return [digest, None]
        return [digest, str(self.path), hashlib.sha256(repr(seen).encode()).hexdigest()]


def register(*given: Described) -> None:
    """Make datasets known by their names.

    Raises:
        BenchError: a name is taken, or cannot be one.
    """
    for one in given:
        if reason := unsafe_reason(one.name):
            raise BenchError(f"{one.name}.toml cannot be a dataset's name: {reason}; rename the file")
        if one.name in RESERVED or one.name.lower() in {name.lower() for name in modules("dataset")}:
            raise BenchError(f"there is a dataset '{one.name}' already; give {one.name}.toml another name")
        _known[one.name] = one


def register_kept(results: Path) -> None:
    """Make those known whose description lies beside their records."""
    for path in sorted(results.glob("*/*.toml")):
        name = path.parent.name.partition("[")[0]
        if path.stem == name and name not in _known and name not in modules("dataset") and not path.is_symlink():
            register(read(path))


def read(path: Path) -> Described:
    """A description from its file.

    Raises:
        BenchError: it cannot be read.
    """
    return Described(path.stem, paths.text(path, LARGEST, "description"), str(path.parent.absolute()))


def known() -> tuple[Described, ...]:
    """All that were registered, to be registered in another process."""
    return tuple(_known.values())


def find(base: str) -> Described | None:
    """The one of this name; None where it is that of a plug-in, or of nothing."""
    return _known.get(base)


def module_of(kind: Kind, name: str) -> str:
    """The module of a plug-in, or of what makes a dataset of its description."""
    given = _known.get(name) if kind == "dataset" else None
    return given.module if given else modules(kind)[name]


def states(*bases: str) -> list[list[Any]]:
    """Of those of some names that are described, what answers on them depend on; of all, without names."""
    return [one.state() for one in _known.values() if not bases or one.name in bases]


def keep(results: Path, bases: set[str]) -> None:
    """Write descriptions beside the records of their datasets, with paths from there, so that boards find them."""
    for one in (one for base in sorted(bases) if (one := _known.get(base))):
        folder = results / one.name
        folder.mkdir(parents=True, exist_ok=True)
        where = one.path.as_posix()
        path = json.dumps(where if where.startswith(HUB) else Path(relpath(one.path, folder.absolute())).as_posix())
        content = _PATH.sub(lambda _, path=path: f"path = {path}", one.text, count=1).encode()
        target = folder / f"{one.name}.toml"
        if not target.is_file() or target.read_bytes() != content:
            replace_file(target, content)
