"""One cell on another machine than that which asked for it."""

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.errors import BenchError
from bench.plugins import described
from bench.runs import cells
from bench.runs.executor import Ended, LocalExecutor, Progress, Started
from bench.runs.plan import Cell
from bench.runs.surroundings import RunContext

LOSSES = 3  # of the machines that train it, which one cell survives


def last_line(error: BaseException) -> str:
    """What an engine's error ends with, before which it may have quoted pages of logs."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


def root_here(context: RunContext) -> Path:
    """The data root of this machine: its own, or else that of the machine that asks."""
    return Path(os.environ.get("BENCH_DATA") or context.root).absolute()


def train(
    cell: Cell, context: RunContext, timeout: float | None, imports: Sequence[str]
) -> Iterator[Started | Progress | Ended]:
    """Train a cell in a process of its own on this machine, and tell of it.

    Raises:
        BenchError: this machine has other code than the one that asks, or does not see a folder that it must.
    """
    described.register(*(one for one in context.described if one not in described.known()))
    node = socket.gethostname()
    if cells.config_today(cell.dataset, cell.method, cell.config["overrides"]) != cell.config:
        raise BenchError(f"node {node} has another version of regression-bench or of its plug-ins; install the same")
    shared = context.results if Path(context.results or "").is_dir() else None  # else it keeps no checkpoints
    if context.save_models and shared is None:
        raise BenchError(f"--save-models: node {node} does not see {context.results}; choose a shared folder")
    here = replace(context, root=str(root_here(context)), results=shared)
    yield from LocalExecutor(1, here, timeout, [context.device], imports).run([cell])
