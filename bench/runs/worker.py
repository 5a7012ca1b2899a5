"""One cell in one process: plain data in, a record out."""

import math
import os
import platform
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from bench.described.base import DescribedDataset
from bench.method import Method
from bench.models import saving
from bench.plugins import described, resolve
from bench.plugins.described import Described
from bench.results import store
from bench.results.record import Environment, Hashes, Memory, Predictions, Record, Status, Timing, is_of_reference
from bench.runs import cells
from bench.runs.plan import Cell
from bench.stack import batch_counters
from bench.training import evaluate, reference
from bench.training.checkpoint import Checkpoints, Unkept
from bench.training.loop import Diverged, Fit, Training
from bench.training.reference import Fitting

PACKAGES = ("regression-bench", "torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "pandas")


LONGEST_ERROR = 20_000  # characters that a record keeps
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class RunContext:
    """Where and how a cell runs; none of it belongs to the key."""

    root: str  # of the data
    device: str = "cpu"
    threads: int = 1
    workers: int = 1
    git_sha: str | None = None
    git_dirty: bool | None = None
    results: str | None = None  # the folder of records, beside which models and checkpoints lie
    save_models: bool = False
    checkpoint_s: float = math.inf  # seconds between two checkpoints of a cell
    described: tuple[Described, ...] = ()  # datasets that this process knows by a description


@dataclass(frozen=True)
class Finished:
    """A record and, of a cell that went well, its predictions: "mean", further columns by name, and "val" likewise."""

    record: Record
    predictions: Columns | None = None


def run(cell: Cell, context: RunContext, report: Callable[[dict], None]) -> Finished:
    """Train and evaluate one cell; every failure comes back as a record."""
    started, clock = datetime.now(UTC), perf_counter()
    described.register(*context.described)
    if is_of_reference(cell.config):  # which no GPU fits
        context = replace(context, device="cpu")
    parts: dict[str, Any] = {}
    predictions = None
    status: Status = "ok"
    error = None
    try:
        torch.set_num_threads(context.threads)
        parts, predictions = _train(cell, context, report)
    except Diverged as problem:
        status, error = "diverged", str(problem)
    except (MemoryError, torch.OutOfMemoryError):
        status, error = "oom", traceback.format_exc()
    except Exception:  # the cell's own failure, whatever it is, must not end the run
        status, error = "error", traceback.format_exc()
    seconds = perf_counter() - clock + parts.pop("earlier_s", 0.0)
    timing = Timing(wall_s=round(seconds, 3), workers=context.workers, **parts.pop("timing", {}))
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
    device = torch.device(context.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    overrides = cell.config["overrides"]
    on = resolve.dataset(cell.dataset, overrides)
    splits = cells.load(on, Path(context.root))
    checkpoints = _checkpoints(cell, context)

    def start() -> tuple[Training | Fitting, Fit]:
        # of the values that went out with the cell, whatever is the default here by now
        method = resolve.build([(part["name"], part["params"]) for part in cell.config["method"]])
        given = (on.dataset, on.protocol, splits, method, cell.seed, device, report, overrides, checkpoints)
        training = reference.start(*given)
        return training, training.fit()

    try:
        training, fit = start()
    except Unkept:  # a checkpoint that does not fit: from the beginning
        assert checkpoints is not None
        checkpoints.remove()
        training, fit = start()
    method = training.reference if isinstance(training, Fitting) else training.method
    if context.save_models and isinstance(training, Training) and isinstance(on.dataset, DescribedDataset):
        row = store.path_of(Path(context.results or ""), cell.dataset, cell.method, cell.seed).parent
        saving.write(
            row, cell.seed, training, splits, {**_identity(cell), "selection": fit.selection, "packages": _packages()}
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
    kept = Predictions(file=store.file_of(test["mean"].shape), val=_hashes(val), **_hashes(test).model_dump())
    return {
        "metrics": metrics,
        "selection": fit.selection,
        "history": [_row(row) for row in fit.history],
        "predictions": kept,
        **(batch_counters(method) if isinstance(method, Method) else {}),
        "earlier_s": checkpoints.earlier_s if checkpoints else 0.0,
        "timing": {"train_s": round(fit.train_s, 3), **_steps(fit, on.protocol.batch_size, len(splits.train))},
    }, {**test, **{"val" if name == "mean" else f"val/{name}": values for name, values in val.items()}}


def _checkpoints(cell: Cell, context: RunContext) -> Checkpoints | None:
    if context.results is None:
        return None
    record = store.path_of(Path(context.results), cell.dataset, cell.method, cell.seed)
    return Checkpoints(
        store.checkpoint_of(record), context.checkpoint_s, f"{cell.key} {torch.device(context.device).type}"
    )


def _steps(fit: Fit, batch_size: int | None, rows: int) -> dict[str, float | None]:
    if not fit.step_s:
        return {}
    step, spread = fit.step_ms()
    rate = round(1e3 * min(batch_size or rows, rows) / step, 1) if step else None
    return {"step_ms": round(step, 4), "step_ms_iqr": round(spread, 4), "samples_per_s": rate}


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


def memory(device: str) -> Memory:
    """Peaks of this process so far."""
    gpu = device.startswith("cuda")
    return Memory(
        peak_rss_mb=_peak_rss_mb(),
        peak_gpu_allocated_mb=round(torch.cuda.max_memory_allocated() / 1e6, 1) if gpu else None,
        peak_gpu_reserved_mb=round(torch.cuda.max_memory_reserved() / 1e6, 1) if gpu else None,
    )


def _peak_rss_mb() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def environment(context: RunContext) -> Environment:
    """What this process runs on."""
    gpu = context.device.startswith("cuda")
    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if gpu else None,
        cudnn=torch.backends.cudnn.version() if gpu else None,
        device=torch.cuda.get_device_name(context.device) if gpu else "cpu",
        cpu=_cpu(),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        cores=os.cpu_count() or 1,
        threads=context.threads,
        deterministic=not gpu or torch.are_deterministic_algorithms_enabled(),
        git_sha=context.git_sha,
        git_dirty=context.git_dirty,
        packages=_packages(),
    )


@cache
def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
