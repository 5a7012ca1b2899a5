"""What `bench plan` prints: states by row, and an estimate from the records that are there."""

from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean

from tabulate import tabulate

from bench.results import store
from bench.runs.cells import Plan


def table(plan: Plan) -> str:
    """Cells of each dataset and method by state; `run` is what would be trained."""
    rows: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in plan.planned:
        rows[item.cell.dataset, item.cell.method].update([item.state, "run"] if item.run else [item.state])
    states = ("run", "done", "stale", "failed")
    body = [(*pair, *(count[state] or "" for state in states)) for pair, count in rows.items()]
    total = Counter(state for count in rows.values() for state in count.elements())
    return tabulate([*body, ("total", "", *(total[state] for state in states))], ("dataset", "method", *states))


def estimate(plan: Plan, results: Path, jobs: int) -> str:
    """Time for the cells to run: from the row's own records, else from the dataset's, else unknown."""
    walls: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name in sorted({cell.dataset for cell in plan.todo}):
        for record in store.read_all(results, name):
            if record.status == "ok":
                walls[record.dataset, record.method].append(record.timing.wall_s)
                walls[record.dataset, ""].append(record.timing.wall_s)
    known = [
        fmean(found) for cell in plan.todo if (found := walls[cell.dataset, cell.method] or walls[cell.dataset, ""])
    ]
    unknown = len(plan.todo) - len(known)
    parts = [f"{len(plan.todo)} cells to run, {jobs} at a time"]
    if known:
        parts.append(f"about {duration(sum(known) / jobs)}")
    if unknown:
        parts.append(f"no earlier record tells the time of {unknown} of them")
    return "; ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as 42 s, 3 min 5 s or 2 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
