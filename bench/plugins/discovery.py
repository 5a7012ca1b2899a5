"""Methods and datasets, found by file name in their folder or by a third party's entry point. Nothing is imported."""

from collections import Counter
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

import bench
from bench.names import unsafe_reason

Kind = Literal["method", "dataset"]
KINDS: tuple[Kind, ...] = ("method", "dataset")
RESERVED = {"all", "all-stacks", "singles", "papers", "references", "reports"}  # words that stand for several


class Modules(dict[str, str]):
    """Module of every plug-in of a kind by name; what cannot be one, with the reason; and which are third parties'."""

    def __init__(self, modules: dict[str, str], refused: dict[str, str], foreign: frozenset[str]) -> None:
        super().__init__(modules)
        self.refused, self.foreign = refused, foreign


@cache
def modules(kind: Kind) -> Modules:
    """All plug-ins that can be asked for by name.

    A file comes before an entry point, so that no package replaces a plug-in by installing another one.
    """
    folder = f"{kind}s"
    files = {
        path.stem: f"bench.{folder}.{path.stem}"
        for root in bench.__path__
        for path in sorted((Path(root) / folder).glob("[!_]*.py"))
    }
    refused = {name: reason for name in files if (reason := _refusal(name, {}))}
    ours = {name: module for name, module in files.items() if name not in refused}
    taken = {name.lower(): module for name, module in ours.items()}
    points = _points(folder)
    several = Counter(point.name.lower() for point in points)
    foreign: dict[str, str] = {}
    for point in points:
        module = _module(point)
        reason = _refusal(point.name, taken) or ("" if module else f"its entry point '{point.value}' names no module")
        if not reason and several[point.name.lower()] > 1:
            reason = "several packages give this name"
        if reason:
            refused[point.name] = f"{reason} (entry point of {_package(point)})"
        else:
            foreign[point.name] = module
    return Modules(ours | foreign, refused, frozenset(foreign))


def _refusal(name: str, taken: dict[str, str]) -> str:
    if reason := unsafe_reason(name):
        return reason
    if name in RESERVED:
        return "its name is a word that stands for several"
    return f"its name is that of {taken[name.lower()]}" if name.lower() in taken else ""


def _points(folder: str) -> list[EntryPoint]:
    # the same one may be found twice, where a package is on the path twice
    return sorted(set(entry_points(group=f"bench.{folder}")), key=lambda point: (point.name, point.value))


def _module(point: EntryPoint) -> str:
    try:
        return point.module if all(part.isidentifier() for part in point.module.split(".")) else ""
    except (AttributeError, ValueError):  # of a value that names nothing
        return ""


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "a third party"
