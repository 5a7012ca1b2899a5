"""`bench analyse`: analyses found by name, and what each says of the records that keep features."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np

import bench
from bench.analysis import Analysis, Kept
from bench.errors import BenchError, unknown
from bench.leaderboard.staleness import stale_cells
from bench.memory import remembered
from bench.names import parse, parse_stack
from bench.results import arrays, store
from bench.results.arrays import Unsound
from bench.results.equivalence import Equivalences
from bench.results.intake import take_in
from bench.results.record import Record
from bench.runs import catalogue
from bench.runs.findings import Cell, Findings

GROUP = "bench.analyses"  # of third parties' entry points, and the package of ours
ROWS = 1000  # of a test split, as the Tightness paper takes them: half a million pairs


def modules() -> dict[str, str]:
    """The module of each analysis by name; a file of ours comes before an entry point."""
    files = sorted((Path(bench.__file__).parent / "analyses").glob("[!_]*.py"))
    foreign = {point.name: point.value.partition(":")[0] for point in _points()}
    return foreign | {path.stem: f"{GROUP}.{path.stem}" for path in files}


def _points() -> list[EntryPoint]:
    return sorted(set(entry_points(group=GROUP)), key=lambda point: (point.name, point.value))


@cache
def load(name: str) -> Analysis:
    """An analysis by its name.

    Raises:
        BenchError: there is none, or its module cannot be used.
    """
    if name not in modules():
        raise unknown("analysis", name, modules())
    try:
        found = vars(import_module(modules()[name])).values()
        own = [one for one in found if isinstance(one, type) and issubclass(one, Analysis) and one is not Analysis]
        (kind,) = own
        return kind()
    except Exception as error:  # a third party's module may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise BenchError(f"the analysis '{name}' is broken: its module must have one Analysis ({reason})") from error


def analyse(
    names: Sequence[str], results: Path, dataset: str | None = None, method: str | None = None, rows: int = ROWS
) -> Findings:
    """What analyses say of the finished records that keep features; stale ones and damaged features are left out.

    Args:
        dataset, method: this one alone.
        rows: at most so many of a test split.

    Raises:
        BenchError: there is no such analysis, dataset or method, or no record that keeps features.
    """
    chosen = {name: load(name) for name in names}
    made = Findings({name: text for one in chosen.values() for name, text in one.measures.items()})
    records = records_of(results, dataset, method)
    kept = [record for record in records if record.predictions and record.predictions.features]
    if not kept:
        raise BenchError(f"no record in {results} keeps features; train some with bench run --keep features")
    stale = stale_cells(kept, Equivalences.read(results), catalogue.config_today)
    damaged: list[str] = []
    for record in kept:
        if record.cell in stale:
            continue
        try:
            values = _values(chosen, results, record, rows)
        except Unsound as error:
            damaged.append(f"{record.cell}: {error}")
            continue
        metric, error = next(iter(record.metrics["test"]["all"].items()))
        made.cells.append(Cell(record.dataset, record.method, record.seed, metric, error, values))
    if stale:
        made.left_out.append(f"{len(stale)} records are stale, and left out: other code, data or settings gave them")
    made.left_out += [f"left out {line}" for line in damaged]
    return made


def records_of(results: Path, dataset: str | None = None, method: str | None = None) -> list[Record]:
    """The records of a folder, of one dataset or method where they are named.

    Raises:
        BenchError: there is no such folder, dataset or method.
    """
    if not results.is_dir():
        raise BenchError(f"no results folder {results}; name the folder of the records with --results")
    wanted = None if dataset is None else str(parse(dataset))
    records = take_in(results, wanted, history=False).records
    if wanted is not None and not records:
        raise unknown("dataset with results", wanted, (path.name for path in results.iterdir() if path.is_dir()))
    if method is None:
        return records
    row = "+".join(str(name) for name in parse_stack(method))
    if row not in {record.method for record in records}:
        raise unknown("method with results", row, {record.method for record in records})
    return [record for record in records if record.method == row]


def _values(chosen: Mapping[str, Analysis], results: Path, record: Record, rows: int) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, analysis in chosen.items():
        if modules()[name].startswith(f"{GROUP}."):
            asked = [name, rows, *_hashes(record)]
            own = remembered("analysis", asked, lambda: _measured(analysis, read(results, record).sample(rows)))  # noqa: B023
        else:  # of whose code no memory knows
            own = _measured(analysis, read(results, record).sample(rows))
        found |= own
    return found


def _hashes(record: Record) -> list[Any]:
    kept = record.predictions and record.predictions.features
    return [kept.sha256, sorted(kept.columns.items())] if kept else []


def _measured(analysis: Analysis, kept: Kept) -> dict[str, float | None]:
    given = analysis.measure(kept)
    values = {name: float(given.get(name, np.nan)) for name in analysis.measures}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def kept_of(results: Path, dataset: str, method: str, seed: int) -> Kept:
    """The features that the record of a cell keeps.

    Raises:
        BenchError: there is no such record, or it keeps none.
    """
    for record in records_of(results, dataset, method):
        if record.seed == seed:
            try:
                return read(results, record)
            except Unsound as error:
                raise BenchError(f"no features of {record.cell}: {error}; train it with --keep features") from None
    raise BenchError(f"no record of {method} on {dataset} with seed {seed} in {results}")


def read(results: Path, record: Record) -> Kept:
    """The features that a record keeps.

    Raises:
        Unsound: they are not there, or not those of the record.
    """
    kept = record.predictions and record.predictions.features
    if not kept:
        raise Unsound("it keeps none")
    path = store.path_of(results, record.dataset, record.method, record.seed)
    with arrays.opened(path.with_name(kept.file)) as there:
        found: dict[str, np.ndarray] = {}
        for name, digest in store.features_keys(record.seed, kept).items():
            values = there.load(name)
            if store.hash_predictions(values) != digest:
                raise Unsound(f"array {name} has not the SHA-256 of the record")
            found[name.partition("/")[2]] = values.astype(np.float64)
    return Kept(found.pop(""), **found)
