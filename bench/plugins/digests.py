"""What a cell's key holds of the code: a digest of each plug-in's own source, and versions of what it shares."""

import hashlib
from functools import cache

from bench.numerics import ALWAYS, NUMERICS, group_of
from bench.plugins.described import module_of
from bench.plugins.discovery import Kind
from bench.plugins.syntax import behaviour, imported, path_of

_OURS = ("bench.methods.", "bench.datasets.")  # a plug-in that another one builds on counts as part of it


@cache
def digest(kind: Kind, name: str) -> str:
    """SHA-256 over the behaviour of a plug-in's own source.

    Of a third party's plug-in, over every module of its own package that it imports, directly or not.
    """
    own = sorted(module for module in _closure(module_of(kind, name)) if not _shared(module))
    return hashlib.sha256("\n".join(map(behaviour, own)).encode()).hexdigest()


@cache
def numerics(kind: Kind, name: str) -> dict[str, int]:
    """The groups of shared numerical code that a plug-in uses, and every cell's, with their versions."""
    groups = {group_of(module) for module in _closure(module_of(kind, name))}
    return {group: NUMERICS[group] for group in sorted({*ALWAYS, *(group for group in groups if group)})}


def _shared(module: str) -> bool:
    return module.partition(".")[0] == "bench" and not module.startswith(_OURS)


def _closure(plugin: str) -> frozenset[str]:
    # its own modules and those of bench that they import; a group's own imports belong to the groups they are in
    package, seen, todo = plugin.partition(".")[0], set[str](), [plugin]
    while todo:
        module = todo.pop()
        if module not in seen and module.partition(".")[0] in (package, "bench") and path_of(module):
            seen.add(module)
            todo += imported(module)
    return frozenset(seen)
