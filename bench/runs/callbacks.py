"""Who hears of a run as it goes: lines of JSON, and callbacks of your own.

A callback of your own is any `bench.runs.runner.Watcher`; `Callback` is one that does nothing, to derive from.
"""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.errors import BenchError
from bench.printable import one_line
from bench.results.record import Record
from bench.runs.plan import Cell
from bench.runs.runner import Watcher


class Callback:
    """Hears of a run and does nothing; derive from it and say what to do.

    >>> class Count(Callback):
    ...     cells = 0
    ...
    ...     def ended(self, cell, record):
    ...         self.cells += 1
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        pass

    def started(self, cell: Cell) -> None:
        """A cell has begun."""

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """A running cell has come so far, as `bench.runs.runner.Watcher` says."""

    def ended(self, cell: Cell, record: Record) -> None:
        """A cell has its record, which is written already."""


class JsonLines(Callback):
    """One line of JSON for each thing that happens, written at once: for `tail -f` and for programs.

    Every line has `event` and `time`; those of cells `dataset`, `method` and `seed`. "started" has the `key`,
    "progress" the `epoch`, `epochs`, `share`, `step`, `loss` and `val`, "ended" the `status`, `reason`, `wall_s` and
    test `metrics`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self.file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BenchError(f"cannot write {path}: {error.strerror}; name another file with --log") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._write("stopped" if kind else "finished")
        self.file.close()

    def started(self, cell: Cell) -> None:
        """A line with the cell's key."""
        self._of(cell, "started", key=cell.key)

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """A line with all that is known."""
        self._of(cell, "progress", **at)

    def ended(self, cell: Cell, record: Record) -> None:
        """A line with how it ended."""
        metrics = record.metrics.get("test", {}).get("all")
        self._of(
            cell, "ended", status=record.status, reason=record.reason, wall_s=record.timing.wall_s, metrics=metrics
        )

    def _of(self, cell: Cell, event: str, **values: Any) -> None:
        self._write(event, dataset=cell.dataset, method=cell.method, seed=cell.seed, **values)

    def _write(self, event: str, **values: Any) -> None:
        line = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **values}
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()


class Watchers:
    """Several watchers as one. What a callback does wrong is said once, and the run goes on without it."""

    def __init__(self, display: Watcher, callbacks: Sequence[Watcher] = ()) -> None:
        self.display, self.callbacks, self.stack = display, list(callbacks), ExitStack()

    def __enter__(self) -> Self:
        self.stack.enter_context(self.display)  # type: ignore[arg-type]
        self._tell(lambda one: one.__enter__())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._tell(lambda one: one.__exit__(kind, error, tb))
        self.stack.__exit__(kind, error, tb)

    def started(self, cell: Cell) -> None:
        """To all."""
        self.display.started(cell)
        self._tell(lambda one: one.started(cell))

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """To all."""
        self.display.progress(cell, at)
        self._tell(lambda one: one.progress(cell, at))

    def ended(self, cell: Cell, record: Record) -> None:
        """To all."""
        self.display.ended(cell, record)
        self._tell(lambda one: one.ended(cell, record))

    def _tell(self, what: Callable[[Watcher], object]) -> None:
        for one in list(self.callbacks):
            try:
                what(one)
            except Exception as error:  # of a stranger's service, or of a full disk: training is worth more
                self.callbacks.remove(one)
                reason = one_line(f"{type(error).__name__}: {error}")
                print(f"bench: {type(one).__name__} is left out from here on: {reason}", file=sys.stderr)
