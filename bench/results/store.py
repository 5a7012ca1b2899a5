"""Where records lie: written whole and then renamed, beside the predictions that are their evidence.

Predictions of all seeds of a row share one file: the arrays `seed-0` and, by column, `seed-0/deviation` of the test
split, and `seed-0/val` and `seed-0/val/deviation` of the validation split. What stands in the way of a write and is
not ours is set aside under another name and said, so that no finished cell is lost and nobody's file either.

Features of a seed, where they are kept, have a file of their own with arrays named alike: `seed-0`, `seed-0/labels`.
"""

import hashlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.printable import plain
from bench.results import arrays
from bench.results.arrays import Unsound
from bench.results.intake import take_in
from bench.results.reading import Unreadable, kind_of, read, read_bytes
from bench.results.record import Features, Hashes, Predictions, Record

Say = Callable[[str], None]
FEATURES = "features"  # what begins the names of their columns
ROOM = 2**26  # bytes that an array of another seed may always have


def path_of(results: Path, dataset: str, method: str, seed: int) -> Path:
    """Where the record of a cell lies."""
    return results / dataset / method / f"seed-{seed}.json"


def checkpoint_of(record: Path) -> Path:
    """Where the checkpoint of a cell lies that has no record yet: beside it, hidden from whoever reads records."""
    return record.with_name(f".{record.stem}.checkpoint")


def read_all(results: Path, dataset: str | None = None, history: bool = True) -> list[Record]:
    """The good records below a results folder, as `bench.results.intake.take_in`, which also tells of the others."""
    return take_in(results, dataset, history).records


def write(
    results: Path, record: Record, predictions: Mapping[str, np.ndarray] | None = None, say: Say | None = None
) -> Path:
    """Write the predictions, then the record: a record that exists is finished.

    Args:
        predictions: by column: "mean" and others of the test split, "val" and "val/..." of the validation split,
            "features" and "features/...".
        say: is told, in one line, what was in the way and was set aside; by default standard error.
    """
    return _put(results, record, text_of(record).encode(), predictions or {}, say or _to_stderr)


def copy(source: Path, results: Path, record: Record, say: Say | None = None) -> Path:
    """Copy a record, byte for byte, and its predictions from one results folder to another.

    Raises:
        BenchError: predictions are not as the harness keeps them, or the folder cannot be written.
    """
    path = path_of(source, record.dataset, record.method, record.seed)
    values: dict[str, np.ndarray] = {}
    if record.predictions is not None:
        values = _columns(path, record.predictions.file, keys_of(record.seed, record.predictions), "mean")
        if (kept := record.predictions.features) is not None:
            found = _columns(path, kept.file, features_keys(record.seed, kept), "")
            values |= {f"{FEATURES}/{name}".rstrip("/"): array for name, array in found.items()}
    return _put(results, record, read_bytes(path), values, say or _to_stderr)


def _columns(record: Path, file: str, keys: Iterable[str], alone: str) -> dict[str, np.ndarray]:
    # by column what a file beside a record holds of it; `alone` is the name of the array that is named as the seed
    try:
        with arrays.opened(record.parent / file) as kept:
            return {key.removeprefix(record.stem).removeprefix("/") or alone: kept.load(key) for key in keys}
    except Unsound as error:
        raise BenchError(f"{record.parent / file}: {error}") from None


def _put(results: Path, record: Record, content: bytes, predictions: Mapping[str, np.ndarray], say: Say) -> Path:
    path = path_of(results, record.dataset, record.method, record.seed)
    try:
        for folder in (path.parents[1], path.parent):
            if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
                _set_aside(folder, "no folder", say)
        path.parent.mkdir(parents=True, exist_ok=True)
        features = {name: values for name, values in predictions.items() if name.partition("/")[0] == FEATURES}
        _write_predictions(path, record.predictions, {k: v for k, v in predictions.items() if k not in features}, say)
        _write_features(path.with_name(features_file(record.seed)), path.stem, features, say)
        _clear(path, say)
        replace_file(path, content)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}; choose another folder with --results") from None
    return path


def predictions(results: Path, record: Record) -> np.ndarray | None:
    """The stored test predictions of a record, (N, T); None where none are kept, or not as the harness keeps them."""
    if record.predictions is None:
        return None
    path = path_of(results, record.dataset, record.method, record.seed)
    try:
        with arrays.opened(path.parent / record.predictions.file) as kept:
            return kept.load(path.stem)
    except Unsound:
        return None


def file_of(shape: tuple[int, ...]) -> str:
    """Name of the file that holds predictions of this shape, (N, T) or (N, T, H, W)."""
    values = math.prod(shape[1:])
    return "predictions.npz" if values == 1 and len(shape) == 2 else f"predictions-{values}d.npz"


def features_file(seed: int) -> str:
    """Name of the file that holds the features of a seed."""
    return f"{FEATURES}-{seed}.npz"


def keys_of(seed: int, kept: Predictions) -> dict[str, str]:
    """Names of the arrays of predictions that a record owns, each with its SHA-256."""
    return _keys(f"seed-{seed}", kept) | (_keys(f"seed-{seed}/val", kept.val) if kept.val else {})


def features_keys(seed: int, kept: Features) -> dict[str, str]:
    """Names of the arrays of features that a record owns, each with its SHA-256."""
    return _keys(f"seed-{seed}", kept)


def _keys(name: str, part: Hashes) -> dict[str, str]:
    return {name: part.sha256, **{f"{name}/{column}": digest for column, digest in part.columns.items()}}


def hash_predictions(predictions: np.ndarray) -> str:
    """SHA-256 over little-endian float32 values in row order."""
    return hashlib.sha256(np.ascontiguousarray(predictions, dtype="<f4").tobytes()).hexdigest()


def checksum(fields: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON of a record's file, its own checksum left out."""
    content = {name: value for name, value in fields.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _write_predictions(record: Path, kept: Predictions | None, predictions: Mapping[str, np.ndarray], say: Say) -> None:
    # a cell that failed this time leaves no predictions of an earlier one behind
    seed = record.stem
    added = {seed if name == "mean" else f"{seed}/{name}": values for name, values in predictions.items()}
    own = kept.file if kept is not None and predictions else None
    # two runs may share a results folder, and one file holds every seed of the row
    with FileLock(record.parents[2] / ".lock"):
        for path in sorted({record.parent / own} if own else set(), key=str) + _others(record.parent, own):
            _merge(path, seed, added if path.name == own else {}, say)


def _write_features(path: Path, seed: str, features: Mapping[str, np.ndarray], say: Say) -> None:
    if os.path.lexists(path) and kind_of(path) is not None:
        _set_aside(path, "no file of features", say)
    if not features:  # of an earlier record
        path.unlink(missing_ok=True)
        return
    named = {f"{seed}{name.removeprefix(FEATURES)}": values for name, values in features.items()}
    replace_file(path, _compressed({key: np.ascontiguousarray(values, dtype="<f4") for key, values in named.items()}))


def _compressed(values: Mapping[str, np.ndarray]) -> bytes:
    with tempfile.TemporaryFile() as buffer:
        np.savez_compressed(buffer, **{key: values[key] for key in sorted(values)})  # type: ignore[arg-type]
        buffer.seek(0)
        return buffer.read()


def _others(row: Path, own: str | None) -> list[Path]:
    return [path for path in sorted(row.glob("predictions*.npz")) if path.name != own]


def _merge(path: Path, seed: str, added: Mapping[str, np.ndarray], say: Say) -> None:
    kept, damage = _of_other_seeds(path, seed, added)
    if kept is None and not added:
        return
    if damage is not None and os.path.lexists(path):
        _set_aside(path, damage, say)
    values = {**(kept or {}), **{name: np.ascontiguousarray(given, dtype="<f4") for name, given in added.items()}}
    if not values:
        path.unlink(missing_ok=True)
        return
    replace_file(path, _compressed(values))


def _of_other_seeds(
    path: Path, seed: str, added: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray] | None, str | None]:
    # the arrays to keep, None where nothing need be written for the seed's sake; and what is wrong with the file
    found: dict[str, np.ndarray] = {}
    damage = None
    largest = max(ROOM, *(4 * values.size * 4 for values in added.values())) if added else arrays.LARGEST
    try:
        with arrays.opened(path, largest) as there:
            known = {key: match[1] for key in there if (match := arrays.KEY.fullmatch(key))}
            if not added and seed not in known.values():
                return None, None
            for key in (key for key, owner in known.items() if owner != seed):
                try:
                    found[key] = there.load(key)
                except Unsound as error:
                    damage = str(error)
    except Unsound as error:
        return (None, None) if not added else ({}, str(error))
    return found, damage


def _clear(path: Path, say: Say) -> None:
    # what lies where the record must lie and is no record of this cell is somebody's: it is kept under another name
    if not os.path.lexists(path):
        return
    try:
        read(path)
    except Unreadable as error:
        _set_aside(path, error.reason, say)


def _set_aside(path: Path, why: str, say: Say) -> None:
    number, target = 0, path.with_name(f"{path.name}.aside")
    while os.path.lexists(target):
        number += 1
        target = path.with_name(f"{path.name}.aside-{number}")
    path.rename(target)
    say(f"{plain(path)} was in the way ({plain(why)}); it is now {plain(target.name)}")


def _to_stderr(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr)


def text_of(record: Record) -> str:
    """The content of a record's file."""
    # one line a field: small, and a diff shows what moved
    fields = record.model_dump(mode="json", exclude_none=False)
    if record.predictions is not None and record.predictions.features is None:
        del fields["predictions"]["features"]
    fields["history"] = [{k: v for k, v in row.items() if k != "stage" or v} for row in fields["history"]]
    fields["checksum"] = checksum(fields)
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'), allow_nan=False)}" for k, v in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"
