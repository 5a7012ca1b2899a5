"""Methods and datasets, found by file name in their folder or by a third party's entry point."""

import importlib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import bench
from bench.errors import BenchError, unknown

Kind = Literal["method", "dataset"]


@cache
def modules(kind: Kind) -> dict[str, str]:
    """Module of every plug-in of a kind, by name."""
    folder = f"{kind}s"
    found = {
        path.stem: f"bench.{folder}.{path.stem}"
        for root in bench.__path__
        for path in sorted((Path(root) / folder).glob("[!_]*.py"))
    }
    return found | {point.name: point.module for point in entry_points(group=f"bench.{folder}")}


def load(kind: Kind, name: str) -> type[Any]:
    """Import a plug-in and return its class: the one public subclass of the base that the module defines."""
    if name not in modules(kind):
        raise unknown(kind, name, modules(kind))
    from bench.dataset import Dataset
    from bench.method import Method

    base = Method if kind == "method" else Dataset
    module = importlib.import_module(modules(kind)[name])
    classes = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise BenchError(f"{module.__file__} must define one subclass of {base.__name__}; it defines {len(classes)}")
    return classes[0]
