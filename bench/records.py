"""Records: the file that a finished or failed cell leaves, written whole and then renamed.

Predictions on the test split lie beside the records, one compressed array a seed in one file a row.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from bench.errors import BenchError

Status = Literal["ok", "diverged", "oom", "timeout", "killed", "error"]
FAILURES: tuple[Status, ...] = ("diverged", "oom", "timeout", "killed", "error")
Region = dict[str, int | float | None]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Part):
    """The epoch that validation chose, and the value it had."""

    metric: str
    epoch: int
    value: float


class Epoch(_Part):
    """One validation: mean training loss since the last one, the selecting metric, seconds since the start."""

    epoch: int
    loss: float | None
    val: float | None
    seconds: float
    stage: str | None = None


class Predictions(_Part):
    """Test predictions: SHA-256 over little-endian float32 in row order, and the file that holds them."""

    file: str
    sha256: str


class Timing(_Part):
    """Seconds of the whole cell and of training; milliseconds a step after warm-up."""

    wall_s: float
    train_s: float | None = None
    step_ms: float | None = None
    step_ms_iqr: float | None = None
    samples_per_s: float | None = None
    workers: int = 1  # cells that shared the machine


class Memory(_Part):
    """Peak memory in MB (10^6 bytes)."""

    peak_rss_mb: float | None = None
    peak_gpu_allocated_mb: float | None = None
    peak_gpu_reserved_mb: float | None = None


class Environment(_Part):
    """What the cell ran on; no host name and no path."""

    python: str
    torch: str
    cuda: str | None
    cudnn: int | None
    device: str
    cpu: str
    cores: int
    threads: int
    deterministic: bool
    git_sha: str | None
    git_dirty: bool | None
    packages: dict[str, str]


class Record(_Part):
    """One cell = method x dataset x seed. `metrics[split][region][metric]` is a number or null."""

    schema_version: Literal[1] = 1
    key: str
    dataset: str
    method: str
    seed: int
    status: Status
    config: dict[str, Any]
    data_fingerprint: str
    metrics: dict[Literal["val", "test"], dict[str, Region]] = {}
    selection: Selection | None = None
    history: list[Epoch] = []
    predictions: Predictions | None = None
    skipped_batches: int = 0
    unconverged_batches: int = 0
    timing: Timing
    memory: Memory = Memory()
    environment: Environment | None = None
    started: str
    finished: str
    error: str | None = None


def path_of(results: Path, dataset: str, method: str, seed: int) -> Path:
    """Where the record of a cell lies."""
    return results / dataset / method / f"seed-{seed}.json"


def read(path: Path) -> Record:
    """Read one record; a file that is no whole record raises BenchError."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        raise BenchError(
            f"{path} is not a whole record ({where}: {first['msg']}); delete it and run the cell again"
        ) from None


def read_all(results: Path, dataset: str | None = None) -> list[Record]:
    """All records below a results folder, in a fixed order."""
    folders = sorted(results.iterdir()) if results.is_dir() else []
    paths = [
        path
        for folder in folders
        if folder.is_dir() and dataset in (None, folder.name)
        for path in sorted(folder.glob("*/seed-*.json"), key=lambda p: (p.parent.name, int(p.stem[5:])))
    ]
    return [read(path) for path in paths]


def write(results: Path, record: Record, predictions: np.ndarray | None = None) -> Path:
    """Write the predictions, then the record: a record that exists is finished."""
    path = path_of(results, record.dataset, record.method, record.seed)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if predictions is not None and record.predictions is not None:
            _add_predictions(path.parent / record.predictions.file, path.stem, predictions)
        replace_file(path, _text(record).encode())
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; choose another folder with --results") from None
    return path


def hash_predictions(predictions: np.ndarray) -> str:
    """SHA-256 over little-endian float32 values in row order."""
    return hashlib.sha256(np.ascontiguousarray(predictions, dtype="<f4").tobytes()).hexdigest()


def _add_predictions(path: Path, name: str, predictions: np.ndarray) -> None:
    # two runs may share a results folder, and one file holds every seed of the row
    with FileLock(path.parents[2] / ".lock"):
        arrays: dict[str, np.ndarray] = {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as old:
                arrays = {key: old[key] for key in old.files}
        arrays[name] = np.ascontiguousarray(predictions, dtype="<f4")
        with tempfile.TemporaryFile() as buffer:
            np.savez_compressed(buffer, **{key: arrays[key] for key in sorted(arrays)})  # type: ignore[arg-type]
            buffer.seek(0)
            replace_file(path, buffer.read())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half: flushed, then renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_writable(folder: Path, option: str) -> None:
    """Make a folder and try to write to it: asked before hours of training, not after.

    Raises:
        BenchError: it cannot be written; names the option that chooses another.
    """
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise BenchError(f"cannot write to {folder}: {error.strerror}; choose another folder with {option}") from None


def _text(record: Record) -> str:
    # one line a field: small, and a diff shows what moved
    fields = record.model_dump(mode="json", exclude_none=False)
    fields["history"] = [{k: v for k, v in row.items() if k != "stage" or v} for row in fields["history"]]
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'), allow_nan=False)}" for k, v in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def schema() -> str:
    """The JSON Schema of a record."""
    return json.dumps(Record.model_json_schema(), indent=1) + "\n"
