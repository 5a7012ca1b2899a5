"""One cell in one process: plain data in, a record out."""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.bases.reference import Reference
from bench.dataset import Splits
from bench.method import Method
from bench.models import saving
from bench.plugins import described, resolve
from bench.results import store
from bench.results.record import Hashes, Predictions, Record, Status, Timing, is_of_reference
from bench.runs import cells, features
from bench.runs.plan import Cell
from bench.runs.surroundings import RunContext, clock, environment, memory, packages
from bench.stack import batch_counters
from bench.training import evaluate, reference
from bench.training.checkpoint import Checkpoints, Unkept
from bench.training.loop import Diverged, Fit, Training
from bench.training.reference import Fitting
from bench.training.side_by_side import SideBySide, obstacle

LONGEST_ERROR = 20_000  # characters that a record keeps
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Finished:
    """A record and, of a cell that went well, its predictions: "mean", further columns by name, and "val" likewise.

    Where they were asked for, "features" too, and what `bench.runs.features` keeps with them.
    """

    record: Record
    predictions: Columns | None = None


def run(cell: Cell, context: RunContext, report: Callable[[dict], None]) -> Finished:
    """Train and evaluate one cell; every failure comes back as a record."""
    started, began = datetime.now(UTC), clock()
    described.register(*context.described)
    if is_of_reference(cell.config):  # which no GPU fits
        context = replace(context, device="cpu")
    return _finished(cell, context, started, began, lambda: _train(cell, context, report))


def run_side_by_side(
    seeds: Sequence[Cell], context: RunContext, report: Callable[[int, dict], None]
) -> Iterator[Finished]:
    """Train the cells of one row side by side where they can be, otherwise one by one; what each leaves, in order.

    Args:
        report: is told the place of the cell among `seeds` first.
    """
    started, began = datetime.now(UTC), clock()
    described.register(*context.described)
    made = None
    if not is_of_reference(seeds[0].config):
        with suppress(Exception):  # whatever it was, each seed meets it alone, and leaves a record of that
            made = _train_side_by_side(seeds, context, report)
    if made is None:
        yield from (run(cell, context, partial(report, number)) for number, cell in enumerate(seeds))
        return
    share = (clock() - began) / len(seeds)
    for cell, evaluated in zip(seeds, made, strict=True):
        yield _finished(cell, context, started, clock() - share, evaluated, len(seeds))


def _finished(
    cell: Cell,
    context: RunContext,
    started: datetime,
    began: float,
    train: Callable[[], tuple[dict[str, Any], Columns]],
    seeds_at_once: int = 1,
) -> Finished:
    parts: dict[str, Any] = {}
    predictions = None
    status: Status = "ok"
    error = None
    try:
        torch.set_num_threads(context.threads)
        parts, predictions = train()
    except Diverged as problem:
        status, error = "diverged", str(problem)
    except (MemoryError, torch.OutOfMemoryError):
        status, error = "oom", traceback.format_exc()
    except Exception:  # the cell's own failure, whatever it is, must not end the run
        status, error = "error", traceback.format_exc()
    seconds = clock() - began + parts.pop("earlier_s", 0.0)
    shared = {"workers": context.workers, "seeds_at_once": seeds_at_once}
    timing = Timing(wall_s=round(seconds, 3), **shared, **parts.pop("timing", {}))
    record = Record(
        **_identity(cell),
        **parts,
        status=status,
        error=_readable(error),
        timing=timing,
        memory=memory(context.device),
        environment=environment(context),
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Finished(record, predictions)


def failure(cell: Cell, status: Status, error: str, started: datetime, wall_s: float) -> Record:
    """The record of a cell whose process did not live to write one."""
    return Record(
        **_identity(cell),
        status=status,
        error=_readable(error),
        timing=Timing(wall_s=round(wall_s, 3)),
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _train(cell: Cell, context: RunContext, report: Callable[[dict], None]) -> tuple[dict[str, Any], Columns]:
    on, splits, device = _given(cell, context)
    checkpoints = _checkpoints(cell, context)
    given = (on.dataset, on.protocol, splits)

    def start() -> tuple[Training | Fitting, features.Weights | None, Fit]:
        rest = (_entry(cell), cell.seed, device, report, cell.config["overrides"], checkpoints)
        training = reference.start(*given, *rest)
        return training, _first_weights(training, splits, context), training.fit()

    try:
        started = start()
    except Unkept:  # a checkpoint that does not fit: from the beginning
        assert checkpoints is not None
        checkpoints.remove()
        started = start()
    parts, predictions = _evaluated(cell, context, on, splits, *started)
    return {**parts, "earlier_s": checkpoints.earlier_s if checkpoints else 0.0}, predictions


def _train_side_by_side(
    seeds: Sequence[Cell], context: RunContext, report: Callable[[int, dict], None]
) -> list[Callable[[], tuple[dict[str, Any], Columns]]] | None:
    torch.set_num_threads(context.threads)
    on, splits, device = _given(seeds[0], context)
    given, overrides = (on.dataset, on.protocol, splits), seeds[0].config["overrides"]
    trainings: list[Training] = []
    for number, cell in enumerate(seeds):
        made = reference.start(*given, _entry(cell), cell.seed, device, partial(report, number), overrides)
        if isinstance(made, Fitting) or obstacle(made):
            return None
        trainings.append(made)
    first = [_first_weights(training, splits, context) for training in trainings]
    fits = SideBySide(trainings).fit()

    def evaluated(
        cell: Cell, training: Training, first: features.Weights | None, fit: Fit | Diverged
    ) -> tuple[dict[str, Any], Columns]:
        if isinstance(fit, Diverged):
            raise fit
        return _evaluated(cell, context, on, splits, training, first, fit)

    return [partial(evaluated, *one) for one in zip(seeds, trainings, first, fits, strict=True)]


def _first_weights(training: Training | Fitting, splits: Splits, context: RunContext) -> features.Weights | None:
    # of a cell whose features are kept, and so the course of its head
    if not context.keep_features or isinstance(training, Fitting):
        return None
    training.result.course = features.course(training, splits.test)
    return features.weights(training)


def _given(cell: Cell, context: RunContext) -> tuple[resolve.NamedDataset, Splits, torch.device]:
    device = torch.device(context.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    on = resolve.dataset(cell.dataset, cell.config["overrides"])
    return on, cells.load(on, Path(context.root)), device


def _entry(cell: Cell) -> Method | Reference:
    # of the values that went out with the cell, whatever is the default here by now
    return resolve.build([(part["name"], part["params"]) for part in cell.config["method"]])


def _evaluated(
    cell: Cell,
    context: RunContext,
    on: resolve.NamedDataset,
    splits: Splits,
    training: Training | Fitting,
    first: features.Weights | None,
    fit: Fit,
) -> tuple[dict[str, Any], Columns]:
    method = training.reference if isinstance(training, Fitting) else training.method
    if context.save_models and isinstance(training, Training):
        row = store.path_of(Path(context.results or ""), cell.dataset, cell.method, cell.seed).parent
        saving.write(
            row, cell.seed, training, splits, {**_identity(cell), "selection": fit.selection, "packages": packages()}
        )
    predicted = {name: training.predict_columns(getattr(splits, name)) for name in ("val", "test")}
    metrics = {
        name: evaluate.metrics(on.dataset, splits, name, columns["mean"], {k: columns[k] for k in [*columns][1:]})
        for name, columns in predicted.items()
    }
    # one prediction for all has no correlation, which is no failure of a reference
    asked = metrics["test"] if isinstance(method, Method) else {"all": {}}
    if reason := evaluate.undefined(on.dataset, splits, predicted["test"]["mean"], asked):
        raise Diverged(reason)
    val, test = ({name: values.numpy() for name, values in predicted[split].items()} for split in ("val", "test"))
    z = (
        features.columns(training, splits.test, first, fit.course)
        if isinstance(training, Training) and first is not None
        else {}
    )
    kept = Predictions(
        file=store.file_of(test["mean"].shape),
        val=_hashes(val),
        features=features.entry(cell.seed, z),
        **_hashes(test).model_dump(),
    )
    return {
        "metrics": metrics,
        "selection": fit.selection,
        "history": [_row(row) for row in fit.history],
        "predictions": kept,
        **(batch_counters(method) if isinstance(method, Method) else {}),
        "timing": {"train_s": round(fit.train_s, 3), **_steps(fit, on.protocol.batch_size, len(splits.train))},
    }, {**test, **{"val" if name == "mean" else f"val/{name}": values for name, values in val.items()}, **z}


def _checkpoints(cell: Cell, context: RunContext) -> Checkpoints | None:
    if context.results is None:
        return None
    record = store.path_of(Path(context.results), cell.dataset, cell.method, cell.seed)
    return Checkpoints(
        store.checkpoint_of(record), context.checkpoint_s, f"{cell.key} {torch.device(context.device).type}"
    )


def _steps(fit: Fit, batch_size: int | None, rows: int) -> dict[str, object]:
    if not fit.step_s:
        return {}
    step, spread = fit.step_ms()
    rate = round(1e3 * min(batch_size or rows, rows) / step, 1) if step else None
    times = {"step_ms": round(step, 4), "step_ms_iqr": round(spread, 4), "samples_per_s": rate}
    return {**times, "step_clock": fit.step_clock}


def _hashes(columns: Columns) -> Hashes:
    found = {name: store.hash_predictions(values) for name, values in columns.items()}
    return Hashes(sha256=found.pop("mean"), columns=found)


def _row(row: dict) -> dict:
    # six digits of a curve are enough to draw it, and keep a record small
    short = {key: row[key] if row[key] is None else float(f"{row[key]:.6g}") for key in ("loss", "val")}
    stage = {} if row["stage"] == "train" else {"stage": row["stage"]}
    return {"epoch": row["epoch"], **short, "seconds": round(row["seconds"], 3), **stage}


def _readable(error: str | None) -> str | None:
    # an error may quote half a gigabyte, or half a character
    if error is None:
        return None
    text = error.encode("utf-8", "backslashreplace").decode()
    half = LONGEST_ERROR // 2
    return (text if len(text) <= LONGEST_ERROR else f"{text[:half]}\n[...]\n{text[-half:]}") or "no message"


def _identity(cell: Cell) -> dict[str, Any]:
    return {
        "key": cell.key,
        "dataset": cell.dataset,
        "method": cell.method,
        "seed": cell.seed,
        "config": cell.config,
        "data_fingerprint": cell.fingerprint,
    }
