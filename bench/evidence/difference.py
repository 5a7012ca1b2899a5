"""What a check finds, and what all checks of a results folder found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

STALE = frozenset({"data", "code"})  # kinds that make a record stale: boards show them as that


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that a record says and its evidence does not.

    Args:
        cell: dataset/method/seed, or dataset/method where it is of the row's files.
        what: its kind, in a word: metrics, predictions, history, selection, timing, memory, environment, name, copy,
            file, checksum, data, code, arrays, commit.
    """

    cell: str
    what: str
    text: str


@dataclass
class Verdict:
    """What the evidence of a results folder says.

    Args:
        differences: each a reason to doubt a number.
        unscored: dataset -> why its predictions could not be scored again.
    """

    differences: list[Difference] = field(default_factory=list[Difference])
    unscored: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, found: Iterable[Difference], unscored: Mapping[str, str]) -> Self:
        """In a fixed order, each difference once."""
        return cls(sorted(set(found)), dict(sorted(unscored.items())))

    def doubted(self) -> dict[str, str]:
        """The cells that no board may count, each with its first reason; stale ones are not among them."""
        reasons: dict[str, str] = {}
        for one in self.differences:
            if one.what not in STALE:
                reasons.setdefault(one.cell, f"{one.what}: {one.text}")
        return reasons
