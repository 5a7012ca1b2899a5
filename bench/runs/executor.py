"""Executors: cells go out as JSON, records come back. The local one runs one process a cell.

An engine for many machines is another class with the same `run`.
"""

import multiprocessing
import multiprocessing.connection
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any, Protocol

from bench.results.record import Record, Status
from bench.runs.at_once import groups
from bench.runs.plan import Cell
from bench.runs.processes import ending, start, stop
from bench.runs.surroundings import RunContext
from bench.runs.worker import Finished, failure, run, run_side_by_side

POLL_S = 0.2


@dataclass(frozen=True)
class Started:
    """A cell has begun."""

    cell: Cell


@dataclass(frozen=True)
class Progress:
    """A running cell's `epoch`, `epochs`, last `loss` and last validation value `val`."""

    cell: Cell
    at: dict[str, Any]


@dataclass(frozen=True)
class Ended:
    """A cell's record, whatever its status."""

    cell: Cell
    finished: Finished


class Executor(Protocol):
    """Runs cells somewhere, `jobs` at a time. Closing the iterator ends what still runs.

    `devices` are those of the machine that asks, on which cells are rehearsed.
    """

    jobs: int
    devices: Sequence[str]

    def run(self, todo: Sequence[Cell]) -> Iterator[Started | Progress | Ended]:
        """Run all cells, in any order, and tell what happens."""
        ...


@dataclass
class _Running:
    cells: list[Cell]  # whose records come in this order; several are seeds of one row, side by side
    device: str
    process: BaseProcess
    pipe: Connection
    began: datetime
    clock: float
    ended: int = 0  # of the cells
    again: list[Cell] = field(default_factory=list[Cell])  # seeds whose process died, each to train alone

    def next(self) -> Cell:
        """The cell whose record comes next."""
        self.ended += 1
        return self.cells[self.ended - 1]

    @property
    def left(self) -> int:
        """How many cells still run."""
        return len(self.cells) - self.ended


class LocalExecutor:
    """Processes on this machine; a crash, a kill or a hang of one cell leaves the others alone.

    Args:
        jobs: processes at a time.
        context: data root and what the record says of the checkout.
        timeout: seconds after which a cell is ended; None never. Of seeds side by side, their number times that.
        devices: what the processes are spread over, evenly.
        imports: modules that the cells need beside what all need.
        seeds_at_once: of a row, in one process, side by side where that can be.
    """

    def __init__(
        self,
        jobs: int,
        context: RunContext,
        timeout: float | None = None,
        devices: Sequence[str] = ("cpu",),
        imports: Sequence[str] = (),
        seeds_at_once: int = 1,
    ) -> None:
        self.jobs, self.timeout, self.devices, self.seeds_at_once = jobs, timeout, devices, seeds_at_once
        self.context = replace(context, workers=max(jobs, context.workers))
        # start-up is paid once: the fork server imports torch, each cell is a fork of it
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self.start_method: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self.start_method.set_forkserver_preload(["bench.runs.attached", "bench.runs.preload", *imports])

    def run(self, todo: Sequence[Cell]) -> Iterator[Started | Progress | Ended]:
        """Run all cells in order, `jobs` processes at a time."""
        waiting, running = list(reversed(groups(todo, self.seeds_at_once, self.jobs))), list[_Running]()
        try:
            while waiting or running:
                while waiting and len(running) < self.jobs:
                    load = Counter(item.device for item in running)
                    running.append(self._start(waiting.pop(), min(self.devices, key=lambda device: load[device])))
                    yield from map(Started, running[-1].cells)
                multiprocessing.connection.wait([item.pipe for item in running], POLL_S)
                for item in list(running):
                    yield from self._events(item)
                    if not item.left:
                        running.remove(item)
                        waiting += [[cell] for cell in reversed(item.again)]
        finally:
            stop(*(item.process for item in running))

    def _start(self, cells: list[Cell], device: str) -> _Running:
        context = replace(self.context, device=device)
        process, pipe = start(self.start_method, _main, [cell.json() for cell in cells], context)
        return _Running(cells, device, process, pipe, datetime.now(UTC), perf_counter())

    def _events(self, item: _Running) -> Iterator[Progress | Ended]:
        ended = not item.process.is_alive()  # asked before the pipe is read, so that its last word is not missed
        try:
            while item.pipe.poll():
                kind, body, rest = item.pipe.recv()
                if kind == "progress":
                    yield Progress(item.cells[rest], body)
                    continue
                if item.left == 1:
                    item.process.join()
                yield Ended(item.next(), Finished(Record.model_validate_json(body), rest))
                if not item.left:
                    return
        except EOFError:
            ended = True
        wall = perf_counter() - item.clock
        if ended:
            item.process.join()
            code = item.process.exitcode or 0
            if len(item.cells) > 1:
                while item.left:
                    item.again.append(item.next())
                return
            yield from self._failed(item, "killed" if code < 0 else "error", f"no record: {ending(code)}")
        elif self.timeout is not None and wall > self.timeout * len(item.cells):
            stop(item.process)
            each = f" for each of {len(item.cells)} seeds" if len(item.cells) > 1 else ""
            message = f"stopped after {wall:.0f} s; the limit was --timeout {self.timeout:g}{each}"
            yield from self._failed(item, "timeout", message)

    def _failed(self, item: _Running, status: Status, message: str) -> Iterator[Ended]:
        wall = (perf_counter() - item.clock) / item.left
        while item.left:
            cell = item.next()
            yield Ended(cell, Finished(failure(cell, status, message, item.began, wall)))


def _main(pipe: Connection, texts: Sequence[str], context: RunContext) -> None:
    import json

    cells = [Cell(**json.loads(text)) for text in texts]
    if len(cells) == 1:
        made = iter([run(cells[0], context, lambda at: pipe.send(("progress", at, 0)))])
    else:
        made = run_side_by_side(cells, context, lambda number, at: pipe.send(("progress", at, number)))
    for finished in made:
        pipe.send(("record", finished.record.model_dump_json(), finished.predictions))
    pipe.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the records are out; torch's own teardown only costs time
