"""What would fail in every cell of a dataset, found by one small step before any cell trains.

Only what is in doubt is tried: a precision or a compiler that this machine may not have, and a last batch of one row,
of which BatchNorm makes no statistics. The step is the network's alone; what a method does wrong is its own failure.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from bench.bases.reference import Reference
from bench.dataset import Split
from bench.errors import BenchError
from bench.method import Method, Stage
from bench.plugins import described, resolve
from bench.plugins.described import Described
from bench.protocol import Protocol, with_protocol
from bench.runs import cells
from bench.runs.plan import Cell
from bench.runs.processes import ending, start, stop
from bench.stack import overrides
from bench.training.model import Model

FEW = 4  # rows of a step
BATCH_NORM = "Expected more than 1 value per channel"


def rehearse(todo: Sequence[Cell], rows: dict[str, int], root: Path, device: str) -> None:
    """Try what is in doubt of some cells, once for each dataset, in a process of its own.

    Args:
        rows: of each dataset's training split.

    Raises:
        BenchError: saying what is not to be had here, and what to change.
    """
    for cell, alone in doubtful(todo, rows):
        process, pipe = start(
            multiprocessing.get_context("spawn"), _send, described.known(), cell, alone, str(root), device
        )
        try:
            problem = pipe.recv()
        except EOFError:
            process.join()
            problem = f"{cell.dataset}: {ending(process.exitcode or 0)}"
        finally:
            stop(process)
        if problem:
            raise BenchError(problem)


def doubtful(todo: Sequence[Cell], rows: dict[str, int]) -> Iterator[tuple[Cell, bool]]:
    """One cell of each dataset whose protocol is in doubt, and whether a batch of it would have one row alone."""
    seen: dict[tuple[str, bool], None] = {}
    for cell in {(cell.dataset, cell.method): cell for cell in todo}.values():
        on = resolve.dataset(cell.dataset, cell.config["overrides"])
        method = resolve.build([(part["name"], part["params"]) for part in cell.config["method"]])
        if isinstance(method, Reference):
            continue
        alone = _has_row_alone(method, on.protocol, cell.config["overrides"], rows[cell.dataset])
        if (alone or on.protocol.precision == "bf16" or on.protocol.compile) and (cell.dataset, alone) not in seen:
            seen[cell.dataset, alone] = None
            yield cell, alone


def _has_row_alone(method: Method, protocol: Protocol, changes: dict[str, Any], rows: int) -> bool:
    for stage in method.stages(protocol):
        own = with_protocol(protocol, {**stage.changes, **changes})
        size = own.batch_size
        if size is None or rows % size != 1:
            continue
        # what a method learns at an epoch's end, it learns from all rows
        kept = not own.drop_last or rows < size or overrides(method, "epoch_end")
        if kept and stage.encoder != "eval" and not (stage.pretext and method.views > 1):
            return True
    return False


def _send(pipe: Connection, known: tuple[Described, ...], *job: Any) -> None:
    described.register(*known)
    pipe.send(_problem(*job))


def _problem(cell: Cell, alone: bool, root: str, device: str) -> str | None:
    """What keeps the cells of a dataset from training here, as a sentence; None where nothing does."""
    on = resolve.dataset(cell.dataset, cell.config["overrides"])
    splits = cells.load(on, Path(root))
    few = replace(splits, train=_first(splits.train), val=_first(splits.val), reference_rows=None)
    protocol = on.protocol
    plain = replace(protocol, precision="fp32", compile=False)
    try:
        _step(on, few, plain, device, FEW)
    except Exception:  # not for what is asked about: each cell will say it in its own record
        return None
    if alone and (error := _error(on, few, plain, device, 1)) and BATCH_NORM in error:
        return (
            f"{cell.dataset}: of {len(splits.train)} training rows in batches of {protocol.batch_size} the last one "
            "stands alone, of which BatchNorm makes no statistics; choose another --set protocol.batch_size=N"
            + ("" if protocol.drop_last else ", or --set protocol.drop_last=true")
        )
    if protocol.precision == "bf16" and (error := _error(on, few, replace(protocol, compile=False), device, FEW)):
        return f"{cell.dataset} cannot be trained in bf16 on this {_named(device)} ({error}); take --precision fp32"
    if protocol.compile and (error := _error(on, few, protocol, device, FEW)):
        return (
            f"torch cannot compile for this {_named(device)} ({error}); install a C++ compiler, or leave out --compile"
        )
    return None


def _error(*given: Any) -> str | None:
    try:
        _step(*given)
    except Exception as error:  # whatever torch and its compilers raise
        return " ".join(str(error).strip().split("\n")[0].split())[:200] or type(error).__name__
    return None


def _step(on: resolve.NamedDataset, splits: Any, protocol: Protocol, device: str, rows: int) -> None:
    model = Model(on.dataset, protocol, splits, resolve.method("baseline", on).build_method(), 0, torch.device(device))
    model.network.train()
    drawn = model.draw(torch.arange(min(rows, len(model.train))), Stage())
    model.forward(drawn, Stage(), 1).outputs.sum().backward()


def _first(split: Split) -> Split:
    index = torch.arange(min(FEW, len(split)))
    mask = None if split.mask is None else split.mask[index]
    regions = None if split.regions is None else split.regions[: len(index)]
    return replace(split, x=split.x[index], labels=split.labels[index], mask=mask, regions=regions)


def _named(device: str) -> str:
    return "GPU" if device.startswith("cuda") else "CPU"
