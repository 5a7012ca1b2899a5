"""Cells on a Ray cluster: each is a task of its own, which trains it in a process as on one machine.

Records come back to the run that asked, which alone writes them. A node that is lost takes no cell with it: what it was
training is trained again elsewhere. Extra `regression-bench[ray]`.
"""

import contextlib
import os
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from filelock import FileLock

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results.record import Record
from bench.runs import remote
from bench.runs.executor import Ended, Progress, Started
from bench.runs.plan import Cell
from bench.runs.surroundings import RunContext
from bench.runs.worker import Finished, failure

POLL_S = 0.5
ANSWER_S = 10.0  # that a cluster may take to answer
AHEAD = 64  # cells that wait in the cluster beside those that run, so that no node idles and a growing one grows

Shipped = list[tuple[str, int, Any]]  # path below the data root, size in bytes, reference to the content


@dataclass
class _Task:
    cell: Cell
    stream: Any  # of references to events
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=perf_counter)


class RayExecutor:
    """A cluster that is there already, or one of this machine alone that ends with the run.

    Args:
        context: data root and what the record says of the checkout.
        address: of the cluster ("auto": the one of this machine); None starts one.
        cpus, gpus: of each cell; gpus may be a fraction.
        timeout: seconds after which a cell is ended; None never.
        imports: modules that the cells need beside what all need.
        jobs: cells at a time; None as many as there is room for.

    Raises:
        BenchError: Ray is not installed, no cluster answers, or no node of it has room for a cell.
    """

    devices: Sequence[str] = ("cpu",)  # of the machine that asks

    def __init__(
        self,
        context: RunContext,
        address: str | None = None,
        cpus: float = 1.0,
        gpus: float = 0.0,
        timeout: float | None = None,
        imports: Sequence[str] = (),
        jobs: int | None = None,
    ) -> None:
        self.ray: Any = _ray()
        self.timeout, self.imports = timeout, list(imports)
        self._connect(address)
        self.alone = address is None
        self._shipped: dict[str, tuple[str, int, Any]] = {}  # by path
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        slots = [_slots(node, cpus, gpus) for node in nodes]
        if not any(slots):
            self.close()
            raise BenchError(
                f"no node of the Ray cluster has {cpus:g} CPUs and {gpus:g} GPUs for a cell; ask for less with "
                "--cpus-per-cell and --gpus-per-cell"
            )
        self.jobs, self.ahead = jobs or sum(slots), 0 if jobs else AHEAD
        self.context = replace(context, workers=max(slots), threads=max(1, int(cpus)), device="cuda" if gpus else "cpu")
        # a process keeps the GPU that it began with, so that another one needs a new process
        lasting = {"max_calls": 1} if gpus else {}
        self._remote = self.ray.remote(
            num_cpus=cpus,
            num_gpus=gpus,
            max_retries=0,
            num_returns="streaming",
            scheduling_strategy="SPREAD",
            **lasting,
        )(train)

    def run(self, todo: Sequence[Cell]) -> Iterator[Started | Progress | Ended]:
        """Run all cells; the first ones begin first. The cluster is left when this process ends, or when this fails."""
        waiting, tasks, losses = list(reversed(todo)), list[_Task](), Counter[str]()
        try:
            shipped = [] if self.alone else self._ship(todo)
            while waiting or tasks:
                while waiting and len(tasks) < self.jobs + self.ahead:
                    tasks.append(_Task(waiting[-1], self._submit(waiting.pop(), shipped)))
                ready, _ = self.ray.wait([task.stream for task in tasks], timeout=POLL_S, fetch_local=False)
                for task in [task for task in tasks if task.stream in ready]:
                    event = self._event(task)
                    if event is None:
                        tasks.remove(task)
                        losses[task.cell.key] += 1
                        if losses[task.cell.key] > remote.LOSSES:
                            yield Ended(task.cell, Finished(_lost(task)))
                        else:
                            waiting.append(task.cell)
                        continue
                    if isinstance(event, Ended):
                        tasks.remove(task)
                    yield event
        except BaseException:
            for task in tasks:
                with contextlib.suppress(Exception):  # one that has ended, or a cluster that is gone
                    self.ray.cancel(task.stream, force=True)
            self.close()
            raise

    def _event(self, task: _Task) -> Started | Progress | Ended | None:
        # None where the node is lost, or Ray's worker there
        try:
            return self.ray.get(next(task.stream))
        except self.ray.exceptions.RayTaskError as error:
            raise BenchError(f"a node cannot train cells: {remote.last_line(error)}") from None
        except (StopIteration, self.ray.exceptions.RayError):
            return None

    def close(self) -> None:
        """Leave the cluster, or end the one that was started."""
        self.ray.shutdown()

    def _connect(self, address: str | None) -> None:
        for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_UV_RUN_RUNTIME_ENV"):  # no telemetry, no copy of the folder
            os.environ.setdefault(name, "0")
        if address not in (None, "auto"):
            _require_answer(address)
        quiet = {"logging_level": "ERROR", "log_to_driver": False}
        if address is None:
            quiet["include_dashboard"] = False
        try:
            self.ray.init(address=address, **quiet)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            where = f"no Ray cluster answers at {address}" if address else "Ray does not start"
            raise BenchError(f"{where}: {remote.last_line(error)}") from None

    def _submit(self, cell: Cell, shipped: Shipped) -> Any:
        return self._remote.remote(cell, self.context, self.timeout, self.imports, shipped)

    def _ship(self, todo: Sequence[Cell]) -> Shipped:
        # into the cluster's memory once; a node takes from there what it lacks
        root = Path(self.context.root)
        paths = sorted({path for name in {cell.dataset for cell in todo} for path in files_of(name, root)})
        for path in paths:
            if path not in self._shipped:
                self._shipped[path] = path, (root / path).stat().st_size, self._put(root / path)
        return [self._shipped[path] for path in paths]

    def _put(self, path: Path) -> Any:
        import numpy as np

        return self.ray.put(np.fromfile(path, np.uint8))


def files_of(dataset: str, root: Path) -> Iterator[str]:
    """What a dataset reads below the data root, as paths from there."""
    given = resolve.dataset(dataset).dataset
    for file in (*given.files, *given.optional):
        if (there := file.find(root)) is not None:
            yield there.path
    if given.folder is not None and (root / given.folder.index).is_file():
        yield given.folder.index
        yield from (f"{given.folder.path}/{name}" for name in given.folder.names(root))


def train(
    cell: Cell, context: RunContext, timeout: float | None, imports: list[str], shipped: Shipped
) -> Iterator[Started | Progress | Ended]:
    """Train one cell on the node where this runs, once it has the data, and tell of it."""
    take(shipped, remote.root_here(context))
    # Ray sends values into what it streams, which not everything that `yield from` passes them on to can take
    for event in remote.train(cell, context, timeout, imports):  # noqa: UP028
        yield event


def take(shipped: Shipped, root: Path) -> None:
    """Write the files that are not below the data root of this node, once for all cells here."""
    lacking = [(root / path, reference) for path, size, reference in shipped if not _is_there(root / path, size)]
    if not lacking:
        return
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".shipped.lock"):
        for path, size, reference in shipped:
            if not _is_there(root / path, size):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                replace_file(root / path, _ray().get(reference).tobytes())


def _require_answer(address: str) -> None:
    # Ray itself tries for minutes, with lines of its own
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 2**16) or "/" in address:
        raise BenchError(
            f"--ray-address {address} is no address; write HOST:PORT, or auto for the cluster of this machine"
        )
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except OSError as error:
        raise BenchError(f"no Ray cluster answers at {address}: {error.strerror or error}") from None


def _is_there(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _lost(task: _Task) -> Record:
    message = f"its node was lost {remote.LOSSES + 1} times; fewer cells at a time may help"
    return failure(task.cell, "killed", message, task.began, perf_counter() - task.clock)


def _slots(resources: dict[str, float], cpus: float, gpus: float) -> int:
    room = [resources.get(kind, 0.0) / asked for kind, asked in (("CPU", cpus), ("GPU", gpus)) if asked]
    return int(min(room))


def _ray() -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BenchError("--on ray needs Ray; run pip install 'regression-bench[ray]'") from None
    return ray
