"""Executors: cells go out as JSON, records come back. The local one runs one process a cell.

An engine for many machines is another class with the same `run`.
"""

import multiprocessing
import multiprocessing.connection
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any, Protocol

from bench.results.record import Record
from bench.runs.plan import Cell
from bench.runs.processes import ending, start, stop
from bench.runs.worker import Finished, RunContext, failure, run

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
    cell: Cell
    device: str
    process: BaseProcess
    pipe: Connection
    began: datetime
    clock: float


class LocalExecutor:
    """Processes on this machine; a crash, a kill or a hang of one cell leaves the others alone.

    Args:
        jobs: processes at a time.
        context: data root and what the record says of the checkout.
        timeout: seconds after which a cell is ended; None never.
        devices: what the processes are spread over, evenly.
        imports: modules that the cells need beside what all need.
    """

    def __init__(
        self,
        jobs: int,
        context: RunContext,
        timeout: float | None = None,
        devices: Sequence[str] = ("cpu",),
        imports: Sequence[str] = (),
    ) -> None:
        self.jobs, self.timeout, self.devices = jobs, timeout, devices
        self.context = replace(context, workers=max(jobs, context.workers))
        # start-up is paid once: the fork server imports torch, each cell is a fork of it
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self.start_method: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self.start_method.set_forkserver_preload(["bench.runs.attached", "bench.runs.preload", *imports])

    def run(self, todo: Sequence[Cell]) -> Iterator[Started | Progress | Ended]:
        """Run all cells in order, `jobs` at a time."""
        waiting, running = list(reversed(todo)), list[_Running]()
        try:
            while waiting or running:
                while waiting and len(running) < self.jobs:
                    load = Counter(item.device for item in running)
                    running.append(self._start(waiting.pop(), min(self.devices, key=lambda device: load[device])))
                    yield Started(running[-1].cell)
                multiprocessing.connection.wait([item.pipe for item in running], POLL_S)
                for item in list(running):
                    for event in self._events(item):
                        if isinstance(event, Ended):
                            running.remove(item)
                        yield event
        finally:
            stop(*(item.process for item in running))

    def _start(self, cell: Cell, device: str) -> _Running:
        process, pipe = start(self.start_method, _main, cell.json(), replace(self.context, device=device))
        return _Running(cell, device, process, pipe, datetime.now(UTC), perf_counter())

    def _events(self, item: _Running) -> Iterator[Progress | Ended]:
        ended = not item.process.is_alive()  # asked before the pipe is read, so that its last word is not missed
        try:
            while item.pipe.poll():
                kind, body, predictions = item.pipe.recv()
                if kind == "record":
                    item.process.join()
                    yield Ended(item.cell, Finished(Record.model_validate_json(body), predictions))
                    return
                yield Progress(item.cell, body)
        except EOFError:
            ended = True
        if ended:
            item.process.join()
            yield Ended(item.cell, Finished(self._failed(item)))
        elif self.timeout is not None and perf_counter() - item.clock > self.timeout:
            stop(item.process)
            wall = perf_counter() - item.clock
            message = f"stopped after {wall:.0f} s; the limit was --timeout {self.timeout:g}"
            yield Ended(item.cell, Finished(failure(item.cell, "timeout", message, item.began, wall)))

    def _failed(self, item: _Running) -> Record:
        code = item.process.exitcode or 0
        wall = perf_counter() - item.clock
        return failure(item.cell, "killed" if code < 0 else "error", f"no record: {ending(code)}", item.began, wall)


def _main(pipe: Connection, text: str, context: RunContext) -> None:
    import json

    cell = Cell(**json.loads(text))
    finished = run(cell, context, lambda at: pipe.send(("progress", at, None)))
    pipe.send(("record", finished.record.model_dump_json(), finished.predictions))
    pipe.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the record is out; torch's own teardown only costs time
