"""One board: its records, each with its row and its state, and the statistics of the rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.leaderboard.spec import BoardSpec
from bench.leaderboard.statistics import SeedStatistic, Statistics, row_statistics
from bench.names import value_text
from bench.printable import plain
from bench.results.key import key_of
from bench.results.record import FAILURES, Record

Stale = frozenset[str]  # names of cells whose record today's code would not give


@dataclass(frozen=True)
class Entry:
    """A record on its board: the row that it belongs to, and its status, or "stale"."""

    row: str
    state: str
    record: Record


@dataclass(frozen=True, order=True)
class LeftOut:
    """What lies in a results folder and is on no board: its path there, and why."""

    dataset: str
    path: str
    reason: str


class Board:
    """The records of one dataset by row; tables and pages are made of it.

    Args:
        records: in any order; those of other datasets are left out.
        stale: names of cells that count in no mean.
        left_out: what the page names beside them, as nothing of it counts; of other datasets too.
        without: names of cells whose predictions were never kept.
    """

    def __init__(
        self,
        spec: BoardSpec,
        records: Iterable[Record],
        stale: Stale = frozenset(),
        left_out: Iterable[LeftOut] = (),
        without: Collection[str] = (),
    ) -> None:
        self.spec = spec
        self.left_out = [one for one in left_out if one.dataset == spec.dataset]
        own = sorted((r for r in records if r.dataset == spec.dataset), key=lambda r: (r.method, r.seed))
        states = ["stale" if record.cell in stale else record.status for record in own]
        self.entries = [Entry(*parts) for parts in zip(_rows(own, states), states, own, strict=True)]
        self.without = sum(state == "ok" and record.cell in without for state, record in zip(states, own, strict=True))

    @cached_property
    def finished(self) -> dict[str, list[Record]]:
        """The finished records of each row, by name of the row and by seed."""
        found = defaultdict(list)
        for entry in self.entries:
            if entry.state == "ok":
                found[entry.row].append(entry.record)
        return {row: found[row] for row in sorted(found)}

    @cached_property
    def failed(self) -> dict[str, Counter[str]]:
        """How many seeds of each row failed, by status; a row without any is not among them."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in self.entries:
            if entry.state in FAILURES:
                found[entry.row][entry.state] += 1
        return dict(found)

    @cached_property
    def references(self) -> frozenset[str]:
        """The rows that are no methods but what these are measured by."""
        return frozenset(entry.row for entry in self.entries if entry.record.is_reference)

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of each method that finished or failed, best row first and those with failed seeds last.

        What some seeds gave says nothing of the others: a row that failed in part is ranked behind all that did not.
        """
        return {row: own for row, own in self._ranked.items() if row not in self.references}

    @cached_property
    def reference_statistics(self) -> Statistics:
        """The same of references."""
        return {row: own for row, own in self._ranked.items() if row in self.references}

    @cached_property
    def _ranked(self) -> Statistics:
        empty = {row: list[Record]() for row in sorted(self.failed)}
        found = row_statistics(self.spec, {**empty, **self.finished})
        first = self.spec.keys[0]
        return {row: found[row] for row in sorted(found, key=lambda row: not self.is_whole(row, found[row][first]))}

    def is_whole(self, row: str, one: SeedStatistic) -> bool:
        """Whether every seed of a row finished and gave a value to this statistic of it: only then may it lead."""
        return row not in self.failed and one.n == len(self.finished[row])


def boards(
    specs: Iterable[BoardSpec],
    records: Iterable[Record],
    stale: Stale = frozenset(),
    left_out: Iterable[LeftOut] = (),
    without: Collection[str] = (),
) -> list[Board]:
    """A board for each spec, in one pass over the records; arguments as of a Board."""
    by_dataset: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_dataset[record.dataset].append(record)
    return [Board(spec, by_dataset[spec.dataset], stale, left_out, without) for spec in specs]


def baseline_of(row: str) -> str:
    """The baseline that a row is compared with: the one that shares its settings."""
    return "baseline" + row[row.index(" {") :] if " {" in row else "baseline"


def _rows(records: Sequence[Record], states: Sequence[str]) -> list[str]:
    # seeds that were trained or fed differently are never averaged: each setting is a row of its own
    plain = [record.method + _settings(record) for record in records]
    marks = [_mark(record) if state == "ok" else "" for record, state in zip(records, states, strict=True)]
    kinds = Counter(row for row, mark in set(zip(plain, marks, strict=True)) if mark)
    return [
        f"{row} {{config {mark}}}" if mark and kinds[row] > 1 else row for row, mark in zip(plain, marks, strict=True)
    ]


def _settings(record: Record) -> str:
    overrides = sorted((record.config.get("overrides") or {}).items())
    text = ", ".join(f"{key}={value_text(value)}" for key, value in overrides)
    return f" {{{plain(text)}}}" if text else ""


def _mark(record: Record) -> str:
    return key_of(record.config, 0, record.data_fingerprint)[:6]
