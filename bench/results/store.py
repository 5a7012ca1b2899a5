"""Where records lie: read, written whole and then renamed.

Predictions on the test split lie beside the records, one compressed array a seed in one file a row.
"""

import gc
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock
from pydantic import ValidationError

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.results.record import Record


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


def read_all(results: Path, dataset: str | None = None, history: bool = True) -> list[Record]:
    """All records below a results folder, in a fixed order.

    Args:
        dataset: of this one alone.
        history: False leaves the epochs out once they are checked; they are most of a record's memory.
    """
    folders = sorted(results.iterdir()) if results.is_dir() else []
    paths = [
        path
        for folder in folders
        if folder.is_dir() and dataset in (None, folder.name)
        for path in sorted(folder.glob("*/seed-*.json"), key=lambda p: (p.parent.name, int(p.stem[5:])))
    ]
    with _no_collection():
        found = (read(path) for path in paths)
        return list(found) if history else [record.model_copy(update={"history": []}) for record in found]


@contextmanager
def _no_collection() -> Iterator[None]:
    # many records are many objects without a cycle: looking for one again and again takes longer than reading them
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def write(results: Path, record: Record, predictions: Mapping[str, np.ndarray] | None = None) -> Path:
    """Write the predictions by column, then the record: a record that exists is finished."""
    path = path_of(results, record.dataset, record.method, record.seed)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if predictions is not None and record.predictions is not None:
            names = {name: path.stem if name == "mean" else f"{path.stem}/{name}" for name in predictions}
            added = {names[name]: values for name, values in predictions.items()}
            _add_predictions(path.parent / record.predictions.file, path.stem, added)
        replace_file(path, _text(record).encode())
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; choose another folder with --results") from None
    return path


def predictions(results: Path, record: Record) -> np.ndarray | None:
    """The stored test predictions of a record, (N, T); None where none are kept."""
    if record.predictions is None:
        return None
    path = path_of(results, record.dataset, record.method, record.seed)
    file = path.parent / record.predictions.file
    if not file.is_file():
        return None
    with np.load(file, allow_pickle=False) as arrays:
        return arrays[path.stem] if path.stem in arrays.files else None


def hash_predictions(predictions: np.ndarray) -> str:
    """SHA-256 over little-endian float32 values in row order."""
    return hashlib.sha256(np.ascontiguousarray(predictions, dtype="<f4").tobytes()).hexdigest()


def _add_predictions(path: Path, seed: str, predictions: Mapping[str, np.ndarray]) -> None:
    # two runs may share a results folder, and one file holds every seed of the row
    with FileLock(path.parents[2] / ".lock"):
        arrays: dict[str, np.ndarray] = {}
        if path.is_file():
            with np.load(path, allow_pickle=False) as old:
                arrays = {key: old[key] for key in old.files if key.partition("/")[0] != seed}
        arrays |= {name: np.ascontiguousarray(values, dtype="<f4") for name, values in predictions.items()}
        with tempfile.TemporaryFile() as buffer:
            np.savez_compressed(buffer, **{key: arrays[key] for key in sorted(arrays)})  # type: ignore[arg-type]
            buffer.seek(0)
            replace_file(path, buffer.read())


def _text(record: Record) -> str:
    # one line a field: small, and a diff shows what moved
    fields = record.model_dump(mode="json", exclude_none=False)
    fields["history"] = [{k: v for k, v in row.items() if k != "stage" or v} for row in fields["history"]]
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'), allow_nan=False)}" for k, v in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
