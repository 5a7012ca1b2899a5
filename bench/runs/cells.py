"""Cells: method x dataset x seed, resolved to plain data, with the key that names the result."""

import json
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from bench import plugins
from bench.data import files
from bench.dataset import Splits
from bench.errors import BenchError
from bench.plugins import resolve
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.key import key_of

State = Literal["todo", "done", "stale", "failed"]


@dataclass(frozen=True)
class Cell:
    """One cell as plain data: what a worker needs, and what the record keeps."""

    dataset: str
    method: str
    seed: int
    config: dict[str, Any]
    fingerprint: str
    key: str

    def json(self) -> str:
        """The form in which a cell goes out to a worker."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Planned:
    """A cell, what its results folder holds, and whether this run would train it."""

    cell: Cell
    state: State
    status: str | None  # of the record that lies there
    run: bool
    wall_s: float | None = None  # of the record that lies there


@dataclass(frozen=True)
class Plan:
    """Everything a run was asked for; `refused` names the pairs (method, dataset) that are not defined, and why."""

    planned: list[Planned]
    refused: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def todo(self) -> list[Cell]:
        """The cells that would be trained, in order."""
        return [item.cell for item in self.planned if item.run]


def make(
    on: resolve.NamedDataset, method: resolve.NamedMethod, seed: int, fingerprint: str, overrides: Mapping[str, Any]
) -> Cell:
    """Resolve one cell."""
    config = config_of(on, method, overrides)
    return Cell(on.name, method.name, seed, config, fingerprint, key_of(config, seed, fingerprint))


def config_of(on: resolve.NamedDataset, method: resolve.NamedMethod, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that can move a cell's numbers but its seed and its data, as JSON has it."""
    config = {
        "dataset": {"name": on.base, "params": on.params, "digest": plugins.digest("dataset", on.base)},
        "method": [
            {"name": base, "params": params, "digest": plugins.digest("method", base)} for base, params in method.parts
        ],
        "protocol": asdict(on.protocol),
        "overrides": dict(overrides),
        "numerics": _numerics(on, method),
    }
    return json.loads(json.dumps(config))


def config_today(dataset: str, method: str, overrides: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a row of results would be configured as by today's code; None where it has no such row."""
    try:
        on = resolve.dataset(dataset, overrides)
        return config_of(on, resolve.method(method, on), overrides)
    except BenchError:
        return None


def _numerics(on: resolve.NamedDataset, method: resolve.NamedMethod) -> dict[str, int]:
    parts = [plugins.numerics("method", base) for base, _ in method.parts]
    merged = ChainMap(plugins.numerics("dataset", on.base), *parts)
    return {group: merged[group] for group in sorted(merged)}


def plan(
    rows: Sequence[tuple[resolve.NamedDataset, Sequence[resolve.NamedMethod]]],
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    results: Path,
    root: Path,
    retry: frozenset[str] = frozenset(),
    rerun_stale: bool = False,
) -> Plan:
    """Resolve the cells of some methods on each dataset and compare them with the records that are there."""
    result, known = Plan([]), Equivalences.read(results)
    _require_data([on for on, _ in rows], root)
    for on, methods in rows:
        fingerprint = load(on, root).fingerprint()
        for method in methods:
            reason = method.refusal(on.dataset)
            if reason:
                result.refused[method.name, on.name] = reason
                continue
            for seed in seeds:
                cell = make(on, method, seed, fingerprint, overrides)
                result.planned.append(_compare(cell, results, known, retry, rerun_stale))
    if not result.planned and result.refused:
        (method_name, dataset_name), reason = next(iter(result.refused.items()))
        raise BenchError(f"'{method_name}' is not defined on '{dataset_name}': {reason}")
    return result


def load(on: resolve.NamedDataset, root: Path) -> Splits:
    """The splits of a dataset whose files have been checked."""
    files.verify(on.dataset, root, on.name)
    return on.dataset.load(root)


def _require_data(chosen: Sequence[resolve.NamedDataset], root: Path) -> None:
    # one sentence for all that lack their files, so that a long list is mended once
    problems = []
    for on in chosen:
        try:
            files.verify(on.dataset, root, on.name)
        except BenchError as error:
            problems.append((on.name, error))
    if len(problems) == 1:
        raise problems[0][1]
    if problems:
        lacking = {name for name, _ in problems}
        ready = ",".join(on.name for on in chosen if on.name not in lacking) or "none"
        raise BenchError(
            f"{problems[0][1]} (also missing: {', '.join(sorted(lacking - {problems[0][0]}))}; ready: {ready})"
        )


def _compare(cell: Cell, results: Path, known: Equivalences, retry: frozenset[str], rerun_stale: bool) -> Planned:
    path = store.path_of(results, cell.dataset, cell.method, cell.seed)
    if not path.exists():
        return Planned(cell, "todo", None, run=True)
    record = store.read(path)
    if not known.is_current(record, cell.config) or record.data_fingerprint != cell.fingerprint:
        return Planned(cell, "stale", record.status, rerun_stale, record.timing.wall_s)
    if record.status == "ok":
        return Planned(cell, "done", "ok", run=False, wall_s=record.timing.wall_s)
    again = "failed" in retry or record.status in retry
    return Planned(cell, "failed", record.status, again, record.timing.wall_s)
