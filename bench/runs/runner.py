"""A run: plan, execute, write each record as it comes, tell what happened."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import bench
from bench.atomic import require_writable
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import store
from bench.results.record import Record
from bench.runs.cells import Cell, Plan
from bench.runs.executor import Ended, Executor, LocalExecutor, Progress, Started
from bench.runs.worker import RunContext


class Watcher(Protocol):
    """Is told what happens in a run; entered when it starts, left when it ends."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None, /
    ) -> None: ...

    def started(self, cell: Cell) -> None:
        """A cell has begun."""
        ...

    def progress(self, cell: Cell, at: dict[str, Any]) -> None:
        """A running cell has reached this `epoch` of `epochs`, with its last `loss` and validation value `val`."""
        ...

    def ended(self, cell: Cell, record: Record) -> None:
        """A cell has its record, which is written already."""
        ...


@dataclass
class Outcome:
    """How the cells of a run ended."""

    ok: int = 0
    failed: list[Record] = field(default_factory=list)


def run(plan: Plan, executor: Executor, results: Path, watcher: Watcher) -> Outcome:
    """Run a plan's cells. A record is written the moment it comes, so nothing finished is lost."""
    outcome = Outcome()
    if not plan.todo:
        return outcome
    require_writable(results, "--results")
    with watcher:
        for event in executor.run(plan.todo):
            match event:
                case Started(cell):
                    watcher.started(cell)
                case Progress(cell, at):
                    watcher.progress(cell, at)
                case Ended(cell, finished):
                    store.write(results, finished.record, finished.predictions)
                    watcher.ended(cell, finished.record)
                    if finished.record.status == "ok":
                        outcome.ok += 1
                    else:
                        outcome.failed.append(finished.record)
    return outcome


def local(
    todo: Sequence[Cell],
    jobs: int | None,
    device: str,
    root: Path,
    timeout: float | None = None,
    per_device: int = 1,
    imports: Sequence[str] = (),
) -> LocalExecutor:
    """The executor of this machine: one worker a core on the CPU, `per_device` a GPU, unless told otherwise.

    `imports` are modules that each worker needs beside its dataset's, such as those of the main program.
    """
    chosen = devices(device)
    workers = jobs or (_cores() if chosen == ["cpu"] else per_device * len(chosen))
    sha, dirty = _checkout()
    context = RunContext(str(root), git_sha=sha, git_dirty=dirty)
    named = [resolve.dataset(name).dataset for name in {cell.dataset for cell in todo}]
    needed = sorted({*imports, *(module for dataset in named for module in dataset.imports)})
    return LocalExecutor(min(workers, len(todo)) or 1, context, timeout, chosen, needed)


def _cores() -> int:
    # those this process may use, where the platform tells
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def devices(name: str) -> list[str]:
    """The torch devices that a name stands for."""
    import torch

    if name in ("auto", "cuda"):
        found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        if name == "cuda" and not found:
            raise BenchError("no GPU here that torch sees; use --device cpu")
        return found or ["cpu"]
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BenchError(f"no device '{name}'; write auto, cpu, cuda or cuda:0") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BenchError(f"no device '{name}' here: torch sees {torch.cuda.device_count()} GPUs; use --device cpu")
    if device.type not in ("cpu", "cuda"):
        raise BenchError(f"no device '{name}'; write auto, cpu, cuda or cuda:0")
    return [name]


def _checkout() -> tuple[str | None, bool | None]:
    root = Path(bench.__file__).parents[1]
    if not (root / ".git").exists():
        return None, None
    git = ["git", "-C", str(root)]
    try:
        sha = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        code = ["bench", "methods", "datasets", "pyproject.toml"]
        changed = subprocess.run([*git, "status", "--porcelain", "--", *code], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return sha, bool(changed)
