"""What `bench plan` prints: states by row, and an estimate from the records that are there."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean
from typing import Any

from tabulate import tabulate

from bench.results import store
from bench.runs.plan import Plan


def plan_table(plan: Plan) -> str:
    """Cells of each dataset and method by state; `run` is what would be trained."""
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in plan.planned:
        rows[item.cell.dataset, item.cell.method].update([item.state, "run"] if item.run else [item.state])
    states = ("run", "done", "stale", "failed")
    body = [(*pair, *(count[state] or "" for state in states)) for pair, count in rows.items()]
    total = Counter(state for count in rows.values() for state in count.elements())
    return tabulate([*body, ("total", "", *(total[state] for state in states))], ("dataset", "method", *states))


def estimate(plan: Plan, results: Path, jobs: int) -> str:
    """A sentence on the time that the cells to run will take."""
    known = seconds(plan, results)
    unknown = len(plan.todo) - len(known)
    parts = [f"{len(plan.todo)} cells to run, {jobs} at a time"]
    if known:
        parts.append(f"about {duration(sum(known.values()) / jobs)}")
    if unknown:
        parts.append(f"no earlier record tells the time of {unknown} of them")
    return "; ".join(parts)


def as_json(plan: Plan, results: Path, jobs: int) -> dict[str, Any]:
    """The plan as plain data, for scripts.

    `cells` has of each cell `dataset`, `method`, `seed`, `key` (the SHA-256 that names its result), `state` (todo,
    done, stale or failed), `status` (of the record that lies there, null without one), `run` (whether it would be
    trained) and `estimate_s` (seconds, null where it would not run or no earlier record tells). `undefined` has each
    `method` that is not defined on a `dataset`, and the `reason`. `jobs` is the number of cells at a time.
    `estimate_s` is the whole run's, over the cells whose time is known; `unknown` counts the others.
    """
    known = seconds(plan, results)
    unknown = len(plan.todo) - len(known)
    cells = [
        {
            "dataset": item.cell.dataset,
            "method": item.cell.method,
            "seed": item.cell.seed,
            "key": item.cell.key,
            "state": item.state,
            "status": item.status,
            "run": item.run,
            "estimate_s": known.get(item.cell.key),
        }
        for item in plan.planned
    ]
    undefined = [{"method": pair[0], "dataset": pair[1], "reason": reason} for pair, reason in plan.refused.items()]
    total = round(sum(known.values()) / jobs, 3) if known else None
    return {"cells": cells, "undefined": undefined, "jobs": jobs, "estimate_s": total, "unknown": unknown}


def seconds(plan: Plan, results: Path) -> dict[str, float]:
    """Seconds of each cell to run, by key: from the row's own records, else from the dataset's; of none, none."""
    walls: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name in sorted({cell.dataset for cell in plan.todo}):
        for record in store.read_all(results, name):
            if record.status == "ok":
                walls[record.dataset, record.method].append(record.timing.wall_s)
                if not record.is_reference:
                    walls[record.dataset, ""].append(record.timing.wall_s)
    return {
        cell.key: round(fmean(found), 3)
        for cell in plan.todo
        if (found := walls[cell.dataset, cell.method] or walls[cell.dataset, ""])
    }


def duration(seconds: float) -> str:
    """Seconds as 42 s, 3 min 5 s or 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
