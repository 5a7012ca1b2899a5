"""The tables of a board, as text: results, cost and coverage."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bench.leaderboard.board import Board, baseline_of
from bench.leaderboard.format import NONE, ranges, short
from bench.leaderboard.spec import SEEDS, Key
from bench.leaderboard.statistics import Statistics, column_places
from bench.metrics import METRICS
from bench.printable import plain
from bench.results.record import FAILURES, Record

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
    """Methods and stacks, best first, against metric × region; references are in a table of their own.

    Bold is the best mean of each column, with all that print alike, among the rows whose every seed gave a value.
    """
    made = _means(board, board.statistics, metrics)
    keys, bold = _keys(board, metrics), set()
    for j, key in enumerate(keys, start=2):
        bold |= {(i, j) for i in _best(board, key, [row[j].partition(" ")[0] for row in made.rows])}
    return replace(made, bold=frozenset(bold))


def reference_table(board: Board, metrics: Sequence[str] = ()) -> Table:
    """References, best first, against metric × region."""
    return _means(board, board.reference_statistics, metrics)


def _keys(board: Board, metrics: Sequence[str]) -> list[Key]:
    return [key for key in board.spec.keys if not metrics or key[0] in metrics]


def _means(board: Board, found: Statistics, metrics: Sequence[str]) -> Table:
    keys = _keys(board, metrics)
    seeds = {row: len(board.finished.get(row, ())) for row in found}
    columns = [[_count(board, row) for row in found]]
    for key in keys:
        column = [found[row][key] for row in found]
        decimals = column_places(column)
        columns.append([one.text(decimals, seeds[row]) for row, one in zip(found, column, strict=True)])
    heads = ("method" if found is board.statistics else "model", "n", *(board.spec.header(*key) for key in keys))
    return Table(heads, tuple(zip(found, *columns, strict=True)))


def cost_table(board: Board) -> Table:
    """Medians of time and memory over the finished seeds of each row, and ratios to its baseline."""
    where = {row: machines(records) for row, records in board.finished.items()}
    medians = {row: _medians(records) for row, records in board.finished.items()}
    one_place = len({tuple(names) for names in where.values()}) <= 1
    rows = []
    for row in (row for row in board.statistics if row in board.finished):
        records, own, base = board.finished[row], medians[row], medians.get(baseline_of(row), {})
        if where.get(baseline_of(row)) != where[row]:
            base = {}  # times on two machines have no ratio
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
    """The distinct pairs of torch version and device, as text."""
    there = [record.environment for record in records if record.environment]
    return sorted({plain(f"torch {e.torch}, {e.cpu if e.device == 'cpu' else e.device}") for e in there})


def coverage_table(board: Board) -> Table:
    """What the board holds of each row that it is to have, and what it lacks."""
    seeds: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for entry in board.entries:
        seeds[entry.row][entry.state].append(entry.record.seed)
    rows = []
    expected = {*board.spec.methods, *board.spec.references} - board.spec.refused.keys()
    for row in sorted({*seeds} | expected):
        own = {state: sorted(there) for state, there in seeds[row].items()}
        failed = ", ".join(f"{len(own[s])} {s} ({ranges(own[s])})" for s in FAILURES if s in own)
        there = set[int]().union(*own.values())
        one = there <= {0} and row in {*board.references, *board.spec.references}  # most references draw nothing
        missing = ranges(sorted(set(SEEDS[:1] if one else SEEDS) - there))
        finished, stale = str(len(own.get("ok", []))), ranges(own.get("stale", []))
        rows.append((row, finished, missing, failed or NONE, stale, NONE))
    rows += [(name, *[NONE] * 4, reason) for name, reason in sorted(board.spec.refused.items())]
    heads = ("method", "ok", "missing seeds", "failed (seeds)", "stale seeds", "not defined here")
    return _without_empty(Table(heads, tuple(rows)))


def _count(board: Board, row: str) -> str:
    """Finished seeds of a row, and those that failed: `1, 9 diverged`."""
    failures = board.failed.get(row, {})
    return ", ".join([str(len(board.finished.get(row, ()))), *(f"{n} {status}" for status, n in failures.items())])


def _best(board: Board, key: Key, printed: Sequence[str]) -> list[int]:
    """Numbers of the rows that share the best mean as it is printed."""
    found = {row: own[key] for row, own in board.statistics.items()}
    whole = [board.is_whole(row, one) for row, one in found.items()]
    order = METRICS[key[0]].sort_key
    orders = [order(one.mean) if there else math.inf for one, there in zip(found.values(), whole, strict=True)]
    first = min(range(len(orders)), key=orders.__getitem__, default=None)
    if first is None or orders[first] == math.inf:
        return []
    return [i for i, text in enumerate(printed) if whole[i] and text == printed[first]]


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
