"""Answers that cost seconds to work out, kept for the next process.

What datasets and methods say of themselves needs torch, whose import alone takes seconds, yet it changes only with the
sources. So answers are kept in the user's cache folder, or in the one that BENCH_CACHE names, in one file for each
state of the sources. They are never needed: where the folder or a file cannot be read or written, nothing is kept.
"""

import atexit
import hashlib
import importlib.util
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import bench
from bench.atomic import replace_file
from bench.paths import from_home

KEPT = 8  # files, of as many states of the sources: several checkouts may share the folder
PLUGINS = ("methods", "datasets")
SOURCES = {".py", ".json", ".csv", ".toml"}
_LOADED_AT = time.time()  # of the code that answers

Answer = Any  # what JSON can hold


def remembered(name: str, arguments: Answer, compute: Callable[[], Answer]) -> Answer:
    """The answer of `compute`, from memory where this or an earlier process asked the same of the same sources.

    Args:
        name: of the question.
        arguments: what else the answer depends on beside the sources, as JSON can hold it.
        compute: gives the answer, as JSON can hold it; its errors are not kept.
    """
    return _opened(_folder()).remembered(name, arguments, compute)


class Memory:
    """The answers of one state of the sources, in one file of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state, _ = _state_of_sources()
        self._known = self._read()
        self._new: dict[str, Answer] = {}

    @property
    def path(self) -> Path:
        """The file of this state of the sources."""
        return self.folder / f"answers-{self.state}.json"

    def remembered(self, name: str, arguments: Answer, compute: Callable[[], Answer]) -> Answer:
        """As the function of this name."""
        question = json.dumps([name, arguments], sort_keys=True)
        if question not in self._known:
            # an answer is the same object whether it was kept or not
            self._known[question] = self._new[question] = json.loads(json.dumps(compute()))
        return self._known[question]

    def save(self) -> None:
        """Write what was new, beside what other processes have written meanwhile."""
        state, changed_at = _state_of_sources() if self._new else ("", 0.0)
        # code that was edited since it was loaded may have given other answers than it does now
        if not state or state != self.state or changed_at >= _LOADED_AT:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, json.dumps({**self._read(), **self._new}).encode())
            files = sorted(self.folder.glob("answers-*.json"), key=lambda path: path.stat().st_mtime)
            for path in files[:-KEPT]:
                path.unlink(missing_ok=True)
        except OSError:
            return
        self._new = {}

    def _read(self) -> dict[str, Answer]:
        try:
            answers = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return answers if isinstance(answers, dict) else {}


def _state_of_sources() -> tuple[str, float]:
    """SHA-256 over all that answers depend on, and when the newest source was changed, in seconds since 1970.

    The digest is empty where a source cannot be read.
    """
    try:
        return _digest()
    except (OSError, ImportError, ValueError):
        return "", math.inf


def _digest() -> tuple[str, float]:
    digest, newest = hashlib.sha256(), 0.0
    for line in (sys.version, _version("torch"), *_distributions()):
        digest.update(f"{line}\n".encode())
    for folder, path in _files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
        newest = max(newest, path.stat().st_mtime)
    return digest.hexdigest(), newest


def _files() -> Iterator[tuple[Path, Path]]:
    # our own, the plug-ins wherever they lie, and the packages of third parties' plug-ins
    folders = [Path(bench.__file__).parent]
    folders += [folder for root in bench.__path__ for kind in PLUGINS if (folder := Path(root, kind)).is_dir()]
    for package in sorted({point.value.partition(":")[0].strip().partition(".")[0] for point in _entry_points()}):
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
        if spec is not None and spec.submodule_search_locations is not None:
            folders += map(Path, spec.submodule_search_locations)
        elif spec is not None and spec.origin and Path(spec.origin).is_file():
            yield Path(spec.origin).parent, Path(spec.origin)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in SOURCES and path.is_file():
                yield folder.parent, path


def _distributions() -> list[str]:
    points = ((point, point.dist) for point in _entry_points())
    return sorted(
        f"{point.group} {point.name} {point.value} {dist and (dist.name, dist.version)}" for point, dist in points
    )


@cache
def _entry_points() -> tuple[metadata.EntryPoint, ...]:
    there = metadata.entry_points()
    return tuple(point for kind in PLUGINS for point in there.select(group=f"bench.{kind}"))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"


def _folder() -> Path:
    if os.environ.get("BENCH_CACHE"):
        return from_home(os.environ["BENCH_CACHE"])
    from platformdirs import user_cache_path

    return user_cache_path("regression-bench", appauthor=False)


@cache
def _opened(folder: Path) -> Memory:
    made = Memory(folder)
    atexit.register(made.save)
    return made
