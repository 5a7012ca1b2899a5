"""One board: its records, each with its row and its state, and the statistics of the rows."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

from bench.leaderboard import judging
from bench.leaderboard.judged import Asked, Judged
from bench.leaderboard.sampling import Sampling
from bench.leaderboard.spec import BoardSpec, Key
from bench.leaderboard.statistics import SeedStatistic, Statistics, row_statistics
from bench.metrics import METRICS
from bench.names import value_text
from bench.printable import plain
from bench.results.key import key_of
from bench.results.record import FAILURES, Record

FEWEST = 20  # test rows of a region that is ranked
TUNED = "tuned_baseline"  # the method that is the baseline at tuned settings
UNRANKED = {"gmean_error"}  # one exact hit makes it 0

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

    `sampling` is what is known of draws of test rows: nothing, until `sampled` gives it.
    """

    sampling = Sampling()

    def __init__(
        self,
        spec: BoardSpec,
        records: Iterable[Record],
        stale: Stale = frozenset(),
        left_out: Iterable[LeftOut] = (),
    ) -> None:
        self.spec = spec
        self.left_out = [one for one in left_out if one.dataset == spec.dataset]
        own = sorted((r for r in records if r.dataset == spec.dataset), key=lambda r: (r.method, r.seed))
        states = ["stale" if record.cell in stale else record.status for record in own]
        self.entries = [Entry(*parts) for parts in zip(_rows(own, states), states, own, strict=True)]

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
    def statistics(self) -> Statistics:
        """Statistics of each row that finished or failed: best first, then those with failed seeds, then references.

        What some seeds gave says nothing of the others: a row that failed in part is ranked behind all that did not.
        """
        empty = {row: list[Record]() for row in sorted(self.failed)}
        found = row_statistics(self.spec, {**empty, **self.finished})
        first = self.spec.keys[0]

        def place(row: str) -> tuple[bool, bool]:
            return self.spec.is_reference(row), not self.is_whole(row, found[row][first])

        return {row: found[row] for row in sorted(found, key=place)}

    def is_whole(self, row: str, one: SeedStatistic) -> bool:
        """Whether every seed of a row finished and gave a value to this statistic of it: only then may it lead."""
        return row not in self.failed and one.n == len(self.finished[row])

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many test rows each region has."""
        first = next((records[0] for records in self.finished.values()), None)
        test = first.metrics.get("test", {}) if first else {}
        return {region: int(test.get(region, {}).get("n") or 0) for region in self.spec.regions}

    @property
    def asked(self) -> dict[Key, Asked | None]:
        """What each column is judged by; None where it is not ranked."""
        return {key: self._asked(key) if self.is_ranked(key) else None for key in self.spec.keys}

    @cached_property
    def judged(self) -> dict[Key, Judged]:
        """What seeds and test rows tell apart in each column; nothing where it is not ranked."""
        return judging.judged(self.asked)

    def winners(self, key: Key, over_tuned: bool = False) -> list[str]:
        """The rows that beat the baseline, or the tuned one, best first, among those that may lead."""
        found = self.judged[key].from_tuned if over_tuned else self.judged[key].from_baseline
        order = sorted(found, key=lambda row: METRICS[key[0]].sort_key(self.statistics[row][key].mean))
        return [row for row in order if self.may_lead(row, key) and judging.verdict(key, found[row]) == "win"]

    def sampled(self, sampling: Sampling) -> "Board":
        """The same board, of which more is known."""
        made = copy(self)
        made.__dict__.pop("judged", None)
        made.sampling = sampling
        return made

    def is_ranked(self, key: Key) -> bool:
        """Whether a column has winners: a geometric mean has none, nor has a region of a few rows."""
        return key[0] not in UNRANKED and self.counts[key[1]] >= FEWEST

    def values(self, row: str, key: Key) -> Mapping[int, float]:
        """One metric of a row, by seed."""
        metric, region = key
        found = ((r.seed, r.metrics.get("test", {}).get(region, {}).get(metric)) for r in self.finished.get(row, ()))
        return {seed: float(value) for seed, value in found if value is not None and not math.isnan(value)}

    def may_lead(self, row: str, key: Key) -> bool:
        """Whether a row is no reference, is whole and, where there are others, has no settings of its own."""
        return row in self._leaders and self.is_whole(row, self.statistics[row][key])

    def leader(self, key: Key) -> str | None:
        """The best row of a ranked column, among those that may lead."""
        means = {row: own[key].mean for row, own in self.statistics.items() if self.may_lead(row, key)}
        known = [row for row, mean in means.items() if mean is not None]
        if not known or not self.is_ranked(key):
            return None
        return min(known, key=lambda row: METRICS[key[0]].sort_key(means[row]))

    def baseline_of(self, row: str) -> str | None:
        """The row that a row is compared with; None for the baseline itself."""
        base = baseline_of(row)
        return base if base != row else "baseline" if row != "baseline" else None

    def _asked(self, key: Key) -> Asked:
        values = {row: found for row in self.finished if (found := self.values(row, key))}
        sampling = self.sampling.deviations.get(" ".join(key), {})
        return Asked(
            values,
            {row: base for row in values if (base := self.baseline_of(row)) in values},
            tuple(row for row in values if self.may_lead(row, key)),
            tuple(row for row in values if self.spec.is_reference(row)),
            self.leader(key),
            sampling,
            self.sampling.groups.get(key[1], 0) if sampling else 0,
            METRICS[key[0]].higher_is_better,
            TUNED if TUNED in values and self.may_lead(TUNED, key) else None,
        )

    @cached_property
    def _leaders(self) -> frozenset[str]:
        own = [row for row in self.finished if not self.spec.is_reference(row)]
        return frozenset([row for row in own if " {" not in row] or own)


def boards(
    specs: Iterable[BoardSpec],
    records: Iterable[Record],
    stale: Stale = frozenset(),
    left_out: Iterable[LeftOut] = (),
) -> list[Board]:
    """A board for each spec, in one pass over the records; arguments as of a Board."""
    by_dataset: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_dataset[record.dataset].append(record)
    return [Board(spec, by_dataset[spec.dataset], stale, left_out) for spec in specs]


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
