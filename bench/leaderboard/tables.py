"""The tables of a board, as text: results, cost and coverage."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.leaderboard.board import Board, baseline_of
from bench.leaderboard.format import NONE, ranges, short
from bench.leaderboard.sequential import beaten, validation
from bench.leaderboard.statistics import column_places
from bench.printable import plain
from bench.results.record import FAILURES, Record, Timing

COSTS: dict[str, Callable[[Record], float | None]] = {
    "wall s": lambda r: r.timing.wall_s,
    "train s": lambda r: r.timing.train_s,
    "step ms": lambda r: r.timing.step_ms,
    "samples/s": lambda r: r.timing.samples_per_s,
    "RSS MB": lambda r: r.memory.peak_rss_mb,
    "GPU MB": lambda r: r.memory.peak_gpu_allocated_mb,
    "epoch": lambda r: r.selection.epoch if r.selection else None,
}
LEFT_OUT = ("skipped", "unconverged")  # batches that a regularizer skipped, or whose inner solver stopped short


@dataclass(frozen=True)
class Table:
    """A table of text; `bold` holds (row, column) of the best cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[tuple[int, int]] = frozenset()


def main_table(board: Board, metrics: Sequence[str] = ()) -> Table:
    """Methods and stacks, best first, against metric × region.

    Bold is the best mean of each column with all that no test tells from it, among the rows that may lead.
    """
    found = board.statistics
    seeds = {row: len(board.finished.get(row, ())) for row in found}
    keys = [key for key in board.spec.keys if not metrics or key[0] in metrics]
    columns, bold = [[count(board, row) for row in found]], set()
    for j, key in enumerate(keys, start=2):
        column = [found[row][key] for row in found]
        decimals = column_places(column)
        columns.append([one.text(decimals, seeds[row]) for row, one in zip(found, column, strict=True)])
        bold |= {(i, j) for i, row in enumerate(found) if row in board.judged[key].tied}
    heads = ("method", "n", *(f"{board.spec.header(*key)}, n={board.counts[key[1]]:,}" for key in keys))
    return Table(heads, tuple(zip(found, *columns, strict=True)), frozenset(bold))


def cost_table(board: Board) -> Table:
    """Medians of time and memory over the finished seeds of each row, and ratios to its baseline."""
    where = {row: machines(records) for row, records in board.finished.items()}
    medians = {row: _medians(records) for row, records in board.finished.items()}
    one_place = len({tuple(names) for names in where.values()}) <= 1
    rows = []
    for row in (row for row in board.statistics if row in board.finished):
        records, own, base = board.finished[row], medians[row], medians.get(baseline_of(row), {})
        if where.get(baseline_of(row)) != where[row]:
            base = {}  # times on two machines, or by two clocks, have no ratio
        memory = "RSS MB" if math.isnan(own["GPU MB"]) else "GPU MB"
        ratios = (own[cost] / (base.get(cost) or math.nan) for cost in ("step ms", memory))
        shared = sorted({record.timing.workers for record in records})
        together = "–".join(map(str, dict.fromkeys((shared[0], shared[-1]))))
        left_out = (sum(getattr(record, f"{what}_batches") for record in records) for what in LEFT_OUT)
        counts = (str(count) if count else NONE for count in left_out)
        place = NONE if one_place else ", ".join(where[row])
        rows.append((row, *map(short, own.values()), *(short(x, "×") for x in ratios), together, *counts, place))
    heads = ("method", *COSTS, "step ratio", "memory ratio", "cells at once", *LEFT_OUT, "machine")
    return _without_empty(Table(heads, tuple(rows)))


def machines(records: Iterable[Record]) -> list[str]:
    """Where and how records were made, as text, each way once: torch version, device, seeds side by side, clock."""
    there = [(record.environment, record.timing) for record in records if record.environment]
    told = {f"torch {e.torch}, {e.cpu if e.device == 'cpu' else e.device}{_how(timing)}" for e, timing in there}
    return sorted(map(plain, told))


def _how(timing: Timing) -> str:
    together = f", {timing.seeds_at_once} seeds at once" if timing.seeds_at_once > 1 else ""
    clocked = timing.step_ms is not None and timing.step_clock == "processor"
    return together + (", steps by the processor's time" if clocked else "")


def coverage_table(board: Board) -> Table:
    """What the board holds of each row that it is to have, and what it lacks."""
    seeds: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for entry in board.entries:
        seeds[entry.row][entry.state].append(entry.record.seed)
    rows = []
    for row in sorted({*seeds} | set(board.spec.methods) - board.spec.refused.keys()):
        own = {state: sorted(there) for state, there in seeds[row].items()}
        failed = ", ".join(f"{len(own[s])} {s} ({ranges(own[s])})" for s in FAILURES if s in own)
        missing = ranges(sorted(set(board.spec.seeds(row)).difference(*own.values())))
        finished, stale = str(len(own.get("ok", []))), ranges(own.get("stale", []))
        lost = _outdone(board, row) if missing != NONE and "ok" in own else NONE
        rows.append((row, finished, missing, lost, failed or NONE, stale, NONE))
    rows += [(name, *[NONE] * 5, reason) for name, reason in sorted(board.spec.refused.items())]
    heads = (
        "method",
        "ok",
        "missing seeds",
        "validates worse than",
        "failed (seeds)",
        "stale seeds",
        "not defined here",
    )
    return _without_empty(Table(heads, tuple(rows)))


def _validation(board: Board) -> dict[str, dict[int, float]]:
    rows = {row: records for row, records in board.finished.items() if not board.spec.is_reference(row)}
    found = {row: {one.seed: validation(one) for one in records} for row, records in rows.items()}
    return {row: {seed: value for seed, value in own.items() if value is not None} for row, own in found.items()}


def _outdone(board: Board, row: str) -> str:
    # what --race goes by, which leaves out further seeds
    one = beaten(_validation(board)).get(row)
    return NONE if one is None else f"{one.by} on {one.seeds} seeds, anytime-valid p {one.p:.0e}"


def count(board: Board, row: str) -> str:
    """Finished seeds of a row, and those that failed: `1, 9 diverged`."""
    failures = board.failed.get(row, {})
    return ", ".join([str(len(board.finished.get(row, ()))), *(f"{n} {status}" for status, n in failures.items())])


def _medians(records: Sequence[Record]) -> dict[str, float]:
    found = {}
    for name, cost in COSTS.items():
        known = [value for record in records if (value := cost(record)) is not None]
        found[name] = float(statistics.median(known)) if known else math.nan
    return found


def _without_empty(table: Table) -> Table:
    kept = [j for j in range(len(table.columns)) if any(row[j] != NONE for row in table.rows)]
    columns, *rows = (tuple(row[j] for j in kept) for row in (table.columns, *table.rows))
    return Table(columns, tuple(rows))
