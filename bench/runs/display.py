"""What a run looks like: a live table in a terminal, a line a cell elsewhere."""

from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.printable import one_line
from bench.results.record import Record
from bench.runs.estimate import duration
from bench.runs.plan import Cell, Plan
from bench.runs.time_left import TimeLeft

Split = Literal["val", "test"]
SILENCE_S = 30.0  # the longest time without a line where there is no live table
SPLITS: dict[Split, str] = {"val": "validation", "test": "test"}


class Display:
    """Cells done, running and left, where each running one is, and the time left.

    Args:
        split: of which an ended cell's value is told; where something is chosen by it, not that of the test.
    """

    def __init__(self, plan: Plan, jobs: int, console: Console, split: Split = "test") -> None:
        self.console, self.jobs, self.plan = console, jobs, plan
        self.split: Split = split
        self.total, self.done, self.failed = len(plan.todo), 0, 0
        self.running: dict[str, tuple[Cell, dict[str, Any], float]] = {}
        self.left = TimeLeft(plan.todo, jobs)
        for item in plan.planned:
            if item.status == "ok" and item.wall_s:
                self.left.ended(item.cell, item.wall_s)
        self.spoken = monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"), console=console,
        )  # fmt: skip
        self.task = self.bar.add_task("cells", total=self.total, left="")
        self.live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live.start()
        else:
            self._say(f"{self.total} cells to run, {min(self.jobs, self.total)} at a time")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.console.is_terminal:
            self.live.stop()

    def started(self, cell: Cell) -> None:
        """A cell has begun."""
        self.running[cell.key] = (cell, {}, monotonic())
        self.left.started(cell)

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """A running cell has come so far."""
        self.running[cell.key] = (cell, at, self.running[cell.key][2])
        self.left.reached(cell, at.get("share", 0.0))
        if not self.console.is_terminal and monotonic() - self.spoken > SILENCE_S:
            self._say(", ".join(filter(None, [f"running: {self._where()}", self._time_left()])))

    def ended(self, cell: Cell, record: Record) -> None:
        """A cell has its record."""
        self.running.pop(cell.key)
        self.done += 1
        self.failed += record.status != "ok"
        self.left.ended(cell, record.timing.wall_s if record.status == "ok" else None)
        result = f"{record.status}: {one_line(record.reason)}"
        if record.status == "ok":
            values = record.metrics[self.split]["all"]
            metric = next(iter(values))
            result = f"{SPLITS[self.split]} {metric} {_number(values[metric])}"
        line = f"[{self.done}/{self.total}] {cell.dataset} {cell.method} seed {cell.seed}: {result}, "
        line += f"{record.timing.wall_s:.1f} s"
        if not self.console.is_terminal:
            self._say(", ".join(filter(None, [line, self._time_left()])))
        elif record.status != "ok":
            self.console.print(line, style="red", markup=False, highlight=False)

    def dropped(self, cells: Sequence[Cell]) -> None:
        """Some cells will not be trained."""
        self.total -= len(cells)
        self.bar.update(self.task, total=self.total)
        self.left.dropped(cells)

    def _where(self) -> str:
        # seeds side by side are where the slowest of them is
        rows: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
        for cell, at, _ in self.running.values():
            rows.setdefault((cell.dataset, cell.method), []).append((cell.seed, at))
        said: list[str] = []
        for (dataset, method), there in rows.items():
            last = min((at for _, at in there), key=lambda at: at.get("epoch", 0))
            seeds = ",".join(str(seed) for seed in sorted(seed for seed, _ in there))
            said.append(f"{dataset} {method} seed {seeds} epoch {last.get('epoch', 0)}/{last.get('epochs', '?')}")
        return "; ".join(said)

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)
        self.spoken = monotonic()

    def _time_left(self) -> str:
        seconds = self.left.seconds()
        return "" if seconds is None else f"about {duration(seconds)} left"

    def _render(self) -> Group:
        failed = f", {self.failed} failed" if self.failed else ""
        counts = f"{self.done} done{failed}, {len(self.running)} running, {len(self.left.coming)} waiting"
        self.bar.update(
            self.task,
            completed=self.done,
            description=counts if self.running or self.done else "starting the workers",
            left=self._time_left(),
        )
        table = Table("dataset", "method", "seed", "epoch", "loss", "validation", "time", box=None, pad_edge=False)
        for cell, at, began in self.running.values():
            epoch = f"{at['epoch']}/{at['epochs']}" if at else "starting"
            values = [_number(at.get("loss")), _number(at.get("val")), duration(monotonic() - began)]
            table.add_row(
                cell.dataset.replace("[", "\\["),
                cell.method.replace("[", "\\["),
                str(cell.seed),
                epoch,
                *values,
            )
        return Group(self.bar, table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
