"""Whether a record is what it says it is: its place, its names, its key and its numbers, without any other file."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bench.errors import BenchError
from bench.metrics import METRICS
from bench.names import Name, parse_stack, value_text
from bench.results.key import key_of
from bench.results.record import Record, Region
from bench.shots import ORDER

PREDICTIONS = re.compile(r"predictions(-[1-9]\d{0,12}d)?\.npz")  # names that the harness gives
FEATURES = re.compile(r"features-(0|[1-9][0-9]*)\.npz", re.ASCII)
DIGEST = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
ERRORS = {"mae", "mse", "rmse"}  # that finite predictions always have
REGIONS = ("all", *ORDER)
PROBABILISTIC = {"nll": math.inf, "crps": math.inf, "coverage90": 1.0}  # what a method may be scored by besides
_NAME = re.compile(r"""[!-~]+""", re.ASCII)
_UNSAFE = set("<>&|\\\"'`*?/:{};")


def fault(record: Record, place: tuple[str, str, str]) -> str | None:
    """What is wrong with a record that lies in this folder of a dataset, folder of a row, and file; None if nothing."""
    return next(_faults(record, place), None)


def _faults(record: Record, place: tuple[str, str, str]) -> Iterator[str]:
    own = record.dataset, record.method, f"seed-{record.seed}.json"
    if own != place:
        yield f"its content says {'/'.join(own)}"
    yield from _of_config(record)
    yield from _of_origin(record)
    yield from _of_ok(record) if record.status == "ok" else _of_failure(record)


def _of_config(record: Record) -> Iterator[str]:
    config, code = record.config, "engine" if record.schema_version == 1 else "numerics"
    shapes = {
        "dataset": dict,
        "method": list,
        "protocol": dict,
        "overrides": dict,
        code: int if code == "engine" else dict,
    }
    if config.keys() != shapes.keys() or not all(isinstance(config[part], kind) for part, kind in shapes.items()):
        yield f"its config is not one of schema {record.schema_version}, with {', '.join(shapes)}"
        return
    parts = [config["dataset"], *config["method"]]
    if not config["method"] or not all(map(_is_part, parts)):
        yield "its config does not name a dataset and a method, each with params and digest"
        return
    if code == "numerics" and not all(isinstance(version, int) for version in config["numerics"].values()):
        yield "its config gives no versions of the shared code"
        return
    try:
        json.dumps(config, allow_nan=False)
        key = key_of(config, record.seed, record.data_fingerprint)
    except (ValueError, RecursionError):
        yield "its config holds a number that is not finite"
        return
    if key != record.key:
        yield "its key is not that of its config, seed and data"
    yield from _of_name("dataset", record.dataset, parts[:1])
    yield from _of_name("method", record.method, parts[1:])
    for field, value in config["overrides"].items():
        if config["protocol"].get(field.removeprefix("protocol."), config) != value:
            yield f"its override of {field} is not in its protocol"


def _of_origin(record: Record) -> Iterator[str]:
    try:
        began, ended = (datetime.fromisoformat(text) for text in (record.started, record.finished))
        if began.utcoffset() is None or ended.utcoffset() is None or ended < began:
            yield "it ended before it started, or at a time of no zone"
    except ValueError:
        yield "its started or finished is no time"
    commit = record.environment and record.environment.git_sha
    if commit is not None and not COMMIT.fullmatch(commit):
        yield "its git_sha is none"


def _is_part(part: Any) -> bool:
    kinds = {"name": str, "params": dict, "digest": str}
    return (
        isinstance(part, dict)
        and part.keys() - {"description"} == kinds.keys()  # which a dataset may have that no plug-in defines
        and isinstance(part.get("description", {}), dict)
        and all(isinstance(part[field], kind) for field, kind in kinds.items())
    )


def _of_name(kind: str, text: str, parts: list[Mapping[str, Any]]) -> Iterator[str]:
    try:
        names = parse_stack(text)
    except BenchError:
        names = ()
    if not names or not _NAME.fullmatch(text) or _UNSAFE & set(text):
        yield f"its {kind} is no name"
        return
    if "+".join(map(str, names)) != text:
        yield f"its {kind} is another spelling of {'+'.join(map(str, names))}"
    if [name.base for name in names] != [part["name"] for part in parts]:
        yield f"its config is of {kind} {'+'.join(part['name'] for part in parts)}"
    elif not all(_has(part["params"], name) for name, part in zip(names, parts, strict=True)):
        yield f"its config has other parameters than its {kind}'s name"


def _has(params: Mapping[str, Any], name: Name) -> bool:
    return all(key in params and value_text(params[key]) == text for key, text in name.params)


def _of_failure(record: Record) -> Iterator[str]:
    there = [part for part in ("metrics", "selection", "predictions") if getattr(record, part)]
    if there:
        yield f"it says {record.status}, yet it has {there[0]}"
    if not record.error:
        yield f"it says {record.status}, but not why"


def _of_ok(record: Record) -> Iterator[str]:
    if record.error is not None:
        yield "it says ok, yet it has an error"
    if record.environment is None:
        yield "it says ok, yet not on what it ran"
    if record.predictions is None:
        yield "it says ok, yet it has no predictions"
        return
    for split in ("val", "test"):
        found = record.metrics.get(split, {})
        if not found.get("all", {}).get("n"):
            yield f"it says ok, yet it has no metrics.{split}.all"
        for name in ERRORS & found.get("all", {}).keys():
            if found["all"][name] is None:
                yield f"it says ok, yet its metrics.{split}.all.{name} is no number"
        for region, values in found.items():
            yield from (f"its metrics.{split}.{region}{words}" for words in _of_region(region, values))
    if record.selection is not None and record.selection.metric not in METRICS:
        yield "it was selected by a metric that does not exist"
    yield from _of_hashes(record)


def _of_region(region: str, values: Region) -> Iterator[str]:
    if region not in REGIONS:
        yield " is no region"
    n = values.get("n")
    if not isinstance(n, int) or n < 0:
        yield " has no number of samples"
    for name, value in values.items():
        if name == "n" or value is None:
            continue
        low, high = _range(name)
        if not low <= value <= high:
            yield f".{name} is no value of it" if name in METRICS or name in PROBABILISTIC else " has an unknown metric"


def _range(name: str) -> tuple[float, float]:
    # errors are never negative, and what is better when higher is a share or a correlation
    if name in PROBABILISTIC:
        return (-math.inf if name == "nll" else 0.0), PROBABILISTIC[name]
    if name not in METRICS:
        return math.inf, -math.inf
    return (-math.inf, 1.0) if METRICS[name].higher_is_better else (0.0, math.inf)


def _of_hashes(record: Record) -> Iterator[str]:
    kept = record.predictions
    if kept is None:
        return
    if not PREDICTIONS.fullmatch(kept.file):
        yield "its predictions.file is no name that the harness gives"
    groups = [kept, *([kept.val] if kept.val else [])]
    if not all(DIGEST.fullmatch(digest) for part in groups for digest in (part.sha256, *part.columns.values())):
        yield "a hash of its predictions is no SHA-256"
    if (features := kept.features) is not None:
        if features.file != f"features-{record.seed}.npz":
            yield "its features.file is no name that the harness gives"
        if not all(DIGEST.fullmatch(digest) for digest in (features.sha256, *features.columns.values())):
            yield "a hash of its features is no SHA-256"
    if record.schema_version > 1 and kept.val is None:
        yield "it has no hash of its validation predictions"
