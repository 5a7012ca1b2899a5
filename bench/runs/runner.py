"""A run: plan, execute, write each record as it comes, tell what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import bench
from bench import leftovers, plugins
from bench.atomic import require_locks, require_writable
from bench.plugins import described, resolve
from bench.plugins.discovery import KINDS, Kind
from bench.results import store
from bench.results.record import Record
from bench.runs import git, machine
from bench.runs.executor import Ended, Executor, LocalExecutor, Progress, Started
from bench.runs.plan import Cell, Plan
from bench.runs.surroundings import RunContext
from bench.runs.worker import Finished

LEFT = ("killed", "timeout", "oom")  # a cell that ended so goes on from its checkpoint when it is run again


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
        """A running cell has reached this `epoch` of `epochs`, with its last `loss` and validation value `val`.

        `share` is what is done of all its stages, from 0 to 1, and `step` counts epochs over all of them.
        """
        ...

    def ended(self, cell: Cell, record: Record) -> None:
        """A cell has its record, which is written already."""
        ...


@dataclass
class Outcome:
    """How the cells of a run ended."""

    ok: int = 0
    failed: list[Record] = field(default_factory=list)


def run(
    plan: Plan,
    executor: Executor,
    results: Path,
    watcher: Watcher,
    batches: Iterable[Sequence[Cell]] | None = None,
) -> Outcome:
    """Run a plan's cells. A record is written the moment it comes, so nothing finished is lost.

    Args:
        batches: of its cells, each asked for when the one before is done; all at once by default.
    """
    outcome = Outcome()
    if not plan.todo:
        return outcome
    require_writable(results, "--results")
    require_locks(results, "--results")
    leftovers.remove_abandoned(results, "*/*/")
    with watcher:
        for batch in [plan.todo] if batches is None else batches:
            for event in executor.run(batch):
                match event:
                    case Started(cell):
                        watcher.started(cell)
                    case Progress(cell, at):
                        watcher.progress(cell, at)
                    case Ended(cell, finished):
                        _keep(results, finished, outcome)
                        watcher.ended(cell, finished.record)
    return outcome


def _keep(results: Path, finished: Finished, outcome: Outcome) -> None:
    record = finished.record
    path = store.write(results, record, finished.predictions)
    if record.status not in LEFT:
        store.checkpoint_of(path).unlink(missing_ok=True)
    if record.status == "ok":
        outcome.ok += 1
    else:
        outcome.failed.append(record)


def local(
    todo: Sequence[Cell],
    jobs: int | None,
    device: str,
    root: Path,
    timeout: float | None = None,
    per_device: int = 1,
    results: Path | None = None,
    seeds_at_once: int = 1,
    **kept: Any,
) -> LocalExecutor:
    """The executor of this machine: one worker a core on the CPU, `per_device` a GPU, unless told otherwise.

    Args:
        results: where models and checkpoints lie; without it, cells leave neither.
        seeds_at_once: of a row, side by side in one process.
        **kept: `save_models`, `keep_features` and `checkpoint_s` of a RunContext.
    """
    chosen = machine.devices(device)
    workers = machine.at_a_time(len(todo), jobs, chosen, per_device)
    return LocalExecutor(workers, context(root, results, **kept), timeout, chosen, imports(todo), seeds_at_once)


def context(root: Path, results: Path | None = None, **kept: Any) -> RunContext:
    """What every cell of a run that starts here is told; the arguments are those of `local`."""
    sha, dirty = checkout()
    folder = None if results is None else str(results.absolute())
    told = {"git_sha": sha, "git_dirty": dirty, "described": described.known(), "results": folder, **kept}
    return RunContext(str(root.absolute()), **told)


def imports(todo: Sequence[Cell]) -> list[str]:
    """The modules that some cells need beside what all need."""
    named = [resolve.dataset(name).dataset for name in {cell.dataset for cell in todo}]
    needed = {*_plugins(todo), *(module for dataset in named for module in dataset.imports)}
    return sorted(needed | {module for base in _references(todo) for module in plugins.load("method", base).imports})


def _references(todo: Sequence[Cell]) -> set[str]:
    used = {part["name"] for cell in todo for part in cell.config["method"]}
    return used.intersection(plugins.references())


def _plugins(todo: Sequence[Cell]) -> set[str]:
    # imported here already, so that they work; others may hang or end the process in which all cells begin
    used: dict[Kind, set[str]] = {
        "method": {part["name"] for cell in todo for part in cell.config["method"]},
        "dataset": {cell.config["dataset"]["name"] for cell in todo},
    }
    return {described.module_of(kind, name) for kind in KINDS for name in used[kind]}


def checkout() -> tuple[str | None, bool | None]:
    """The commit that runs, and whether code differs from it; None each where this is no checkout."""
    root = Path(bench.__file__).parents[1]
    if not (root / ".git").exists():
        return None, None
    head = git.printed(root, "rev-parse", "HEAD")
    changed = git.printed(root, "status", "--porcelain", "--", "bench", "methods", "datasets", "pyproject.toml")
    if head is None or changed is None:
        return None, None
    return head.decode().strip(), bool(changed)
