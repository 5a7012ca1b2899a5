"""The tables of a board, as text: a pure function of the records and of a sheet on the dataset.

Means and sample deviations come from `statistics`, which is exact: neither the order of the records nor the
platform changes a digit.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from bench.metrics import METRICS
from bench.names import value_text
from bench.results.key import key_of
from bench.results.record import FAILURES, Record
from bench.sheet import NONE, Key, Sheet, Stat, Table, places

SEEDS = range(10)  # of a whole row
COSTS: dict[str, Callable[[Record], float | None]] = {
    "wall s": lambda r: r.timing.wall_s,
    "train s": lambda r: r.timing.train_s,
    "step ms": lambda r: r.timing.step_ms,
    "samples/s": lambda r: r.timing.samples_per_s,
    "RSS MB": lambda r: r.memory.peak_rss_mb,
    "GPU MB": lambda r: r.memory.peak_gpu_allocated_mb,
    "epoch": lambda r: r.selection.epoch if r.selection else None,
}
Stale = frozenset[str]  # "dataset/method/seed" of the records whose key is no longer that of their cell

LEFT = ("skipped", "unconverged")  # batches that a regularizer left out, or whose inner solver stopped short


def frame(sheet: Sheet, records: Iterable[Record], stale: Stale = frozenset()) -> pd.DataFrame:
    """One line a record of the dataset: its row of the board, seed, state, test metrics."""
    mine = sorted((r for r in records if r.dataset == sheet.dataset), key=lambda r: (r.method, r.seed))
    states = ["stale" if f"{r.dataset}/{r.method}/{r.seed}" in stale else r.status for r in mine]
    lines = []
    for record, state, row in zip(mine, states, _rows(mine, states), strict=True):
        regions = record.metrics.get("test", {})
        values = {key: regions.get(key[1], {}).get(key[0]) for key in sheet.keys}
        lines.append({"row": row, "seed": record.seed, "state": state, "record": record} | values)
    columns = pd.Index(["row", "seed", "state", "record", *sheet.keys], tupleize_cols=False)
    made = pd.DataFrame(lines, columns=columns)
    return made.astype(dict.fromkeys(sheet.keys, float))


def summary(sheet: Sheet, cells: pd.DataFrame) -> dict[str, dict[Key, Stat]]:
    """Statistics over the finished seeds of each row, best row first."""
    finished = cells[cells["state"] == "ok"].groupby("row")
    stats = {str(row): {key: Stat.of(group[key]) for key in sheet.keys} for row, group in finished}
    metric, region = sheet.keys[0]
    order = sorted(stats, key=lambda row: (loss(metric, stats[row][metric, region].mean), row))
    return {row: stats[row] for row in order}


def main_table(sheet: Sheet, cells: pd.DataFrame, metrics: Sequence[str] = ()) -> Table:
    """Methods and stacks, best first, against metric × region; the best mean of each column is bold."""
    stats = summary(sheet, cells)
    seeds = Counter(cells.loc[cells["state"] == "ok", "row"])
    keys = [key for key in sheet.keys if not metrics or key[0] in metrics]
    columns, bold = [[str(seeds[row]) for row in stats]], set()
    for j, key in enumerate(keys, start=2):
        column = [stats[row][key] for row in stats]
        decimals = column_places(column)
        columns.append([stat.text(decimals, seeds[row]) for row, stat in zip(stats, column, strict=True)])
        losses = [loss(key[0], stat.mean) for stat in column]
        bold |= {(i, j) for i, value in enumerate(losses) if value == min(losses) < math.inf}
    heads = ("method", "n", *(sheet.header(*key) for key in keys))
    return Table(heads, tuple(zip(stats, *columns, strict=True)), frozenset(bold))


def cost_table(sheet: Sheet, cells: pd.DataFrame) -> Table:
    """Medians of time and memory over the finished seeds of each row, and ratios to its baseline."""
    finished = cells[cells["state"] == "ok"]
    groups = {str(row): list(group["record"]) for row, group in finished.groupby("row")}
    where = {row: machines(group) for row, group in groups.items()}
    medians = {row: _medians(group) for row, group in groups.items()}
    rows = []
    for row in summary(sheet, cells):
        own, base = medians[row], medians.get(baseline_of(row), {})
        if where.get(baseline_of(row)) != where[row]:
            base = {}  # times on two machines have no ratio
        memory = "RSS MB" if math.isnan(own["GPU MB"]) else "GPU MB"
        ratios = [own[cost] / (base.get(cost) or math.nan) for cost in ("step ms", memory)]
        shared = sorted({record.timing.workers for record in groups[row]})
        together = "–".join(map(str, dict.fromkeys((shared[0], shared[-1]))))
        place = ", ".join(where[row]) if len({tuple(names) for names in where.values()}) > 1 else NONE
        left = (sum(getattr(record, f"{what}_batches") for record in groups[row]) for what in LEFT)
        counts = (str(count) if count else NONE for count in left)
        rows.append((row, *map(short, own.values()), *(short(x, "×") for x in ratios), together, *counts, place))
    heads = ("method", *COSTS, "step ratio", "memory ratio", "cells at once", *LEFT, "machine")
    return _without_empty(Table(heads, tuple(rows)))


def machines(records: Iterable[Record]) -> list[str]:
    """The distinct pairs of torch version and device, as text."""
    there = [record.environment for record in records if record.environment]
    return sorted({f"torch {e.torch}, {e.cpu if e.device == 'cpu' else e.device}" for e in there})


def coverage_table(sheet: Sheet, cells: pd.DataFrame) -> Table:
    """What the board holds of each row that it is to have, and what it lacks."""
    rows = []
    for row in sorted({*cells["row"]} | set(sheet.methods) - sheet.refused.keys()):
        own = cells[cells["row"] == row]
        seeds = {str(state): sorted(group["seed"]) for state, group in own.groupby("state")}
        failed = ", ".join(f"{len(seeds[s])} {s} ({ranges(seeds[s])})" for s in FAILURES if s in seeds)
        missing = ranges(sorted(set(SEEDS) - set(own["seed"])))
        finished, stale = str(len(seeds.get("ok", []))), ranges(seeds.get("stale", []))
        rows.append((row, finished, missing, failed or NONE, stale, NONE))
    rows += [(name, *[NONE] * 4, reason) for name, reason in sorted(sheet.refused.items())]
    heads = ("method", "ok", "missing seeds", "failed (seeds)", "stale seeds", "not defined here")
    return _without_empty(Table(heads, tuple(rows)))


def baseline_of(row: str) -> str:
    """The baseline that a row is compared with: the one that shares its settings."""
    return "baseline" + row[row.index(" {") :] if " {" in row else "baseline"


def loss(metric: str, mean: float | None) -> float:
    """A mean in the sense that smaller is better; no mean is worst."""
    return math.inf if mean is None else -mean if METRICS[metric].higher_is_better else mean


def column_places(column: Sequence[Stat]) -> int:
    """Decimal places of a column: two digits of its median deviation, or else three of its median mean."""
    deviations = [stat.spread for stat in column if stat.spread]
    means = [abs(stat.mean) for stat in column if stat.mean]
    if deviations:
        return places(statistics.median(deviations), 2)
    return places(statistics.median(means), 3) if means else 2


def short(value: float, unit: str = "") -> str:
    """Three significant digits, and every digit before the point."""
    return NONE if math.isnan(value) else f"{value:,.{min(places(value, 3), 3) if value else 0}f}{unit}"


def ranges(seeds: Sequence[int]) -> str:
    """Sorted seeds as ranges: `0–3, 7`."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or NONE


def _rows(records: Sequence[Record], states: Sequence[str]) -> list[str]:
    # seeds that were trained or fed differently are never averaged: each setting is a row of its own
    plain = []
    for record in records:
        overrides = sorted((record.config.get("overrides") or {}).items())
        text = ", ".join(f"{key}={value_text(value)}" for key, value in overrides)
        plain.append(f"{record.method} {{{text}}}" if text else record.method)
    marks = [_digest(record) if state == "ok" else "" for record, state in zip(records, states, strict=True)]
    kinds = Counter(row for row, mark in set(zip(plain, marks, strict=True)) if mark)
    return [
        f"{row} {{config {mark}}}" if mark and kinds[row] > 1 else row for row, mark in zip(plain, marks, strict=True)
    ]


def _digest(record: Record) -> str:
    return key_of(record.config, 0, record.data_fingerprint)[:6]


def _medians(records: Sequence[Record]) -> dict[str, float]:
    costs = pd.DataFrame([[cost(record) for cost in COSTS.values()] for record in records], dtype=float)
    return dict(zip(COSTS, costs.median().tolist(), strict=True))


def _without_empty(table: Table) -> Table:
    kept = [j for j in range(len(table.columns)) if any(row[j] != NONE for row in table.rows)]
    columns, *rows = (tuple(row[j] for j in kept) for row in (table.columns, *table.rows))
    return Table(columns, tuple(rows))
