"""A plan: the cells that a run was asked for, as plain data, compared with the records that are there.

Nothing here imports torch: a plan can be made of what `bench.runs.catalogue` remembers.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from bench.errors import BenchError
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.intake import of_cell
from bench.results.key import key_of
from bench.results.reading import Unreadable

State = Literal["todo", "done", "stale", "failed"]


@dataclass(frozen=True)
class Wanted:
    """A method on a dataset, by their canonical names, as a run was asked for it.

    Args:
        config: everything that can move its numbers but seed and data; empty where it is not defined.
        refusal: why it is not defined there.
        one_seed: whether seed 0 stands for all, as every other one would give the same.
    """

    dataset: str
    method: str
    config: dict[str, Any]
    refusal: str | None = None
    one_seed: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell as plain data: what a worker needs, and what the record keeps."""

    dataset: str
    method: str
    seed: int
    config: dict[str, Any]
    fingerprint: str
    key: str

    def json(self) -> str:
        """The form in which a cell goes out to a worker."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Planned:
    """A cell, what its results folder holds, and whether this run would train it."""

    cell: Cell
    state: State
    status: str | None  # of the record that lies there
    run: bool
    wall_s: float | None = None  # of the record that lies there
    odd: tuple[str, str] | None = None  # path, and why: what lies there is no record of this cell


@dataclass(frozen=True)
class Plan:
    """Everything a run was asked for.

    Args:
        refused: the pairs (method, dataset) that are not defined, and why.
        rows: of each dataset's training split, where they were counted.
    """

    planned: list[Planned]
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def todo(self) -> list[Cell]:
        """The cells that would be trained, in order."""
        return [item.cell for item in self.planned if item.run]

    def shard(self, number: int, of: int) -> "Plan":
        """The part of it that one of several machines does, counted from 1.

        Parts depend on what was asked for alone, and not on what is done, so that each machine may have a results
        folder of its own.

        >>> Plan([]).shard(1, 3).todo
        []
        """
        return replace(self, planned=self.planned[number - 1 :: of])


def compare(
    wanted: Iterable[Wanted],
    fingerprints: Mapping[str, str],
    seeds: Sequence[int],
    results: Path,
    retry: frozenset[str] = frozenset(),
    rerun_stale: bool = False,
    broken: Mapping[str, str] | None = None,
) -> Plan:
    """The cells of what is wanted, each with what its results folder holds.

    Args:
        fingerprints: of the data, by dataset.
        retry: statuses of failed records to train again; "failed" is all of them.
        rerun_stale: train stale cells again.
        broken: why data cannot be loaded, by dataset; it has no fingerprint.

    Raises:
        BenchError: nothing that is wanted is defined.
    """
    result, known = Plan([]), Equivalences.read(results)
    for one in wanted:
        if broken and one.dataset in broken:
            result.refused["every method", one.dataset] = broken[one.dataset]
            continue
        if one.refusal:
            result.refused[one.method, one.dataset] = one.refusal
            continue
        data = fingerprints[one.dataset]
        for seed in [0] if one.one_seed else seeds:
            cell = Cell(one.dataset, one.method, seed, one.config, data, key_of(one.config, seed, data))
            result.planned.append(_compare(cell, results, known, retry, rerun_stale))
    if not result.planned and result.refused:
        (method, dataset), reason = next(iter(result.refused.items()))
        raise BenchError(f"'{method}' is not defined on '{dataset}': {reason}")
    return result


def _compare(cell: Cell, results: Path, known: Equivalences, retry: frozenset[str], rerun_stale: bool) -> Planned:
    path = store.path_of(results, cell.dataset, cell.method, cell.seed)
    try:
        record = of_cell(path)
    except Unreadable as error:
        return Planned(cell, "todo", None, run=True, odd=(str(path), error.reason))
    if record is None:
        return Planned(cell, "todo", None, run=True)
    if not known.is_current(record, cell.config) or record.data_fingerprint != cell.fingerprint:
        return Planned(cell, "stale", record.status, rerun_stale, record.timing.wall_s)
    if record.status == "ok":
        return Planned(cell, "done", "ok", run=False, wall_s=record.timing.wall_s)
    again = "failed" in retry or record.status in retry
    return Planned(cell, "failed", record.status, again, record.timing.wall_s)
