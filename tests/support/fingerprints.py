"""Cases of tests/test_fingerprints.py: what one is, and what to say of those that moved.

The committed file has the numbers of every case, and at which keys they were made: the digest of each plug-in, and the
version of each group of shared code.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench import plugins
from bench.numerics import NUMERICS

FILE = Path(__file__).parents[1] / "fingerprints.json"

Values = dict[str, list[float] | str] | None  # None: the method is not defined there
Plugin = tuple[plugins.Kind, str]
NUMBERS = 8  # of an array that a case keeps, at even distances


@dataclass(frozen=True)
class Case:
    """Numbers to guard.

    Args:
        plugins: whose digests are in the key.
        groups: of shared code, whose versions are in the key.
        rtol: how far a number may be off, over the largest of its list.
        dropout: whether it draws any, which torch does otherwise in other versions.
    """

    values: Callable[[], Values]
    plugins: tuple[Plugin, ...] = ()
    groups: frozenset[str] = frozenset()
    rtol: float = 1e-4
    dropout: bool = False


def some(values: Tensor) -> list[float]:
    """A few entries of an array."""
    flat = values.detach().double().flatten()
    kept = min(NUMBERS, len(flat))
    return [float(f"{value:.7g}") for value in flat[torch.arange(kept) * len(flat) // kept].tolist()]


def key_of(case: Case) -> dict[str, str | int]:
    """What a case's key holds of the code: digests by plug-in, versions by group."""
    digests = {" ".join(plugin): plugins.digest(*plugin) for plugin in case.plugins}
    return digests | {group: NUMERICS[group] for group in sorted(case.groups)}


def same(found: Values, expected: Values, rtol: float) -> bool:
    """Whether numbers are within rtol of those expected, over the largest of each list; text is equal."""
    if found is None or expected is None or found.keys() != expected.keys():
        return found is expected is None
    return all(_near(value, expected[name], rtol) for name, value in found.items())


def _near(found: Any, expected: Any, rtol: float) -> bool:
    if isinstance(found, str) or isinstance(expected, str) or len(found) != len(expected):
        return found == expected
    # a number that is not finite is near nothing
    gaps = [abs(a - b) for a, b in zip(found, expected, strict=True)]
    return all(gap <= rtol * max(map(abs, expected)) for gap in gaps)


def verdicts(
    cases: Mapping[str, Case], found: Mapping[str, Values], committed: Mapping[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """Cases that moved though their key is as committed, those that moved with it, and groups to raise for the former.

    Args:
        committed: the content of the file, `keys` and `values`.
    """
    keys, values = committed["keys"], committed["values"]
    there = [name for name in cases if name in values]
    kept = {name for name in there if all(keys.get(part) == now for part, now in key_of(cases[name]).items())}
    moved = [name for name in there if not same(found[name], values[name], cases[name].rtol)]
    silent = [name for name in moved if name in kept]
    unmoved = [cases[name].groups for name in there if name in kept and name not in silent]
    groups = to_raise([cases[name].groups for name in silent], unmoved)
    return silent, [name for name in moved if name not in kept], groups


def content(cases: Mapping[str, Case], found: Mapping[str, Values]) -> dict[str, Any]:
    """What the committed file says of these numbers."""
    keys = {part: now for case in cases.values() for part, now in key_of(case).items()}
    return {"keys": dict(sorted(keys.items())), "values": dict(sorted(found.items()))}


def text_of(content: Mapping[str, Any]) -> str:
    """The file, a case a line."""
    parts = []
    for title, table in content.items():
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in table.items())
        parts.append(f' "{title}": {{\n{lines}\n }}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def to_raise(moved: Collection[frozenset[str]], unmoved: Iterable[frozenset[str]]) -> list[str]:
    """The groups whose numbers moved, from the groups that each moved and each unmoved case holds.

    One group that every moved case holds explains most: best one that no unmoved case holds, else one that no
    unmoved case consists of, else any. Where several groups moved at once, no group is in every moved case: then a
    few that together are in each.
    """
    unmoved = list(unmoved)
    innocent = [frozenset().union(*unmoved), frozenset().union(*(g for g in unmoved if len(g) == 1)), frozenset()]
    suspects = [[groups - cleared for groups in moved] for cleared in innocent]
    for left in suspects:
        if moved and (common := frozenset.intersection(*left)):
            return sorted(common)
    for left in suspects:
        if all(left):
            return _cover(left)
    return []


def _cover(left: list[frozenset[str]]) -> list[str]:
    chosen = []
    while left:
        names = sorted(frozenset().union(*left))
        chosen.append(max(names, key=lambda name: sum(name in groups for groups in left)))
        left = [groups for groups in left if chosen[-1] not in groups]
    return sorted(chosen)
