"""One row of results against labels and code of today: its predictions scored again, as training scored them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch

from bench.dataset import Splits
from bench.errors import BenchError
from bench.evidence import consistency
from bench.evidence.difference import Difference
from bench.evidence.facts import Facts, StageFacts
from bench.method import Method
from bench.plugins import resolve
from bench.protocol import with_protocol
from bench.results import arrays, store
from bench.results.arrays import Arrays, Unsound
from bench.results.record import Hashes, Record, Region
from bench.runs import catalogue, cells, features
from bench.stack import overrides
from bench.training.evaluate import Scale
from bench.training.schedule import batches

Split = Literal["val", "test"]
SPLITS: tuple[Split, ...] = ("val", "test")


Opened = Callable[[Path], Arrays]


@dataclass(frozen=True)
class _Row:
    """What today's code says of a row.

    Args:
        part: what a configuration says of the dataset.
        spelling: what is wrong with the names.
        scales: what its predictions are measured by; none without data.
    """

    part: Mapping[str, Any]
    facts: Facts
    spelling: Sequence[tuple[str, str]]
    scales: Mapping[Split, Scale]


class Scorer:
    """Scores the rows of a results folder.

    Args:
        root: of the data.
    """

    def __init__(self, results: Path, root: Path) -> None:
        self.results, self.root = results, root
        self._loaded: dict[str, Splits] = {}
        self._resolved: dict[str, tuple[resolve.NamedDataset, dict[Split, Scale]]] = {}
        self._known: dict[str, _Row | None] = {}

    def row(self, records: Sequence[Record], fingerprint: str | None) -> Iterator[Difference]:
        """What differs in the finished records of a row.

        Args:
            fingerprint: of the data today; None where there are none.
        """
        with ExitStack() as files:
            opened = cache(lambda path: files.enter_context(arrays.opened(path)))  # one file holds all seeds
            for record in records:
                if fingerprint is not None and record.data_fingerprint != fingerprint:
                    yield Difference(record.cell, "data", "it was made on other data than today's")
                same = record.data_fingerprint == fingerprint
                for what, text in self._of_record(record, self._splits(record.dataset) if same else None, opened):
                    yield Difference(record.cell, what, text)

    def _splits(self, dataset: str) -> Splits:
        if dataset not in self._loaded:
            self._loaded = {dataset: catalogue.splits(dataset, self.root)}  # one at a time in memory
        return self._loaded[dataset]

    def _row(self, record: Record, splits: Splits | None) -> _Row | None:
        # the seeds of a row are alike; None where today's code has no such row, so that its records are stale
        row = json.dumps([record.dataset, record.method, record.config, splits is None], sort_keys=True)
        if row not in self._known:
            try:
                on, scales = self._dataset(record, splits)
                facts = _facts(on, record, splits, scales)
                self._known = {row: _Row(cells.dataset_part(on), facts, list(_of_name(on, record)), scales)}
            except Exception:  # whatever a plug-in of another day, or a parameter of nobody's, may raise
                self._known = {row: None}
        return self._known[row]

    def _dataset(self, record: Record, splits: Splits | None) -> tuple[resolve.NamedDataset, dict[Split, Scale]]:
        asked = json.dumps([record.dataset, record.config["overrides"], splits is None], sort_keys=True)
        if asked not in self._resolved:
            on = resolve.dataset(record.dataset, record.config["overrides"])
            scales: dict[Split, Scale] = {}
            if splits is not None:
                scales = {split: Scale(on.dataset, splits, split) for split in SPLITS}
            self._resolved = {asked: (on, scales)}
        return self._resolved[asked]

    def _of_record(self, record: Record, splits: Splits | None, opened: Opened) -> consistency.Found:
        row = self._row(record, splits)
        yield from row.spelling if row else ()
        yield from consistency.of_record(record, row and row.facts)
        yield from self._of_predictions(record, row, opened)
        if wrong := features.fault(self.results, record, splits.test if splits is not None else None):
            yield "features", wrong

    def _of_predictions(self, record: Record, row: _Row | None, opened: Opened) -> consistency.Found:
        if record.predictions is None:
            return
        shapes = (row and row.facts.shapes) or {}
        path = store.path_of(self.results, record.dataset, record.method, record.seed)
        try:
            kept = opened(path.parent / record.predictions.file)
            parts: dict[Split, Hashes | None] = {"test": record.predictions, "val": record.predictions.val}
            for split, hashes in parts.items():
                key = path.stem if split == "test" else f"{path.stem}/val"
                if hashes is None:
                    continue
                if row is None or not row.scales:
                    _check(kept, key, hashes)
                    continue
                with arrays.unsound("the file"):
                    given = row.scales[split].metrics(*_loaded(kept, key, hashes, shapes.get(split)))
                if record.config["dataset"] != row.part:
                    given = known_then(record.metrics[split], given)
                yield from _compared(split, record.metrics[split], given)
        except Unsound as error:
            yield "predictions", f"{record.predictions.file}: {error}"
        except BenchError as error:
            yield "predictions", f"they cannot be scored: {error}"
        if "test" in shapes and record.predictions.file != store.file_of(shapes["test"]):
            yield "file", f"their file is {record.predictions.file}, not {store.file_of(shapes['test'])}"


def _check(kept: Arrays, key: str, hashes: Hashes) -> None:
    for name, expected in {key: hashes.sha256, **{f"{key}/{k}": v for k, v in hashes.columns.items()}}.items():
        if kept.digest(name)[0] != expected:
            raise Unsound(f"array {name} has not the SHA-256 of the record")


def _loaded(
    kept: Arrays, key: str, hashes: Hashes, shape: tuple[int, ...] | None
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    mean = torch.from_numpy(kept.load(key, shape, hashes.sha256))
    return mean, {k: torch.from_numpy(kept.load(f"{key}/{k}", shape, v)) for k, v in hashes.columns.items()}


def known_then(stated: Mapping[str, Region], given: Mapping[str, Region]) -> dict[str, Region]:
    """What is given, without metrics that are newer than the record: it is not wrong for lacking them."""
    return {
        region: {name: value for name, value in values.items() if name in stated.get(region, {})}
        for region, values in given.items()
    }


def _compared(split: str, stated: Mapping[str, Region], given: Mapping[str, Region]) -> consistency.Found:
    if stated.keys() != given.keys():
        yield "metrics", f"{split}: its regions are {', '.join(stated)}, the labels give {', '.join(given)}"
        return
    for region, values in given.items():
        if values.keys() != stated[region].keys():
            yield (
                "metrics",
                f"{split}.{region}: it has {', '.join(stated[region])}, its predictions {', '.join(values)}",
            )
            continue
        for name, value in values.items():
            if not consistency.agree(stated[region][name], value):
                yield "metrics", f"{split}.{region}.{name} is {stated[region][name]}, its predictions give {value}"


def _of_name(on: resolve.NamedDataset, record: Record) -> consistency.Found:
    # the values that our search chose are defaults on boards, and none while it searches
    methods = {resolve.method(record.method, on, searched).name for searched in (True, False)}
    if on.name != record.dataset:
        yield "name", f"{record.dataset} is another spelling of {on.name}"
    if record.method not in methods:
        yield "name", f"{record.method} is another spelling of {min(methods)}"


def _facts(on: resolve.NamedDataset, record: Record, splits: Splits | None, scales: Mapping[Split, Scale]) -> Facts:
    method = resolve.build([(part["name"], part["params"]) for part in record.config["method"]])
    facts = Facts(on.dataset.metrics[0], ())
    if isinstance(method, Method):
        changed = {name: overrides(method, name) for name in ("calibrated", "columns")}
        facts = replace(facts, stages=_stages(on, method, record, splits), **changed)
    if splits is None:
        return facts
    shapes = {split: on.dataset.predictions_shape(getattr(splits, split)) for split in SPLITS}
    rows = len(splits.train)
    batch = min(on.protocol.batch_size or rows, rows)
    return replace(facts, counts=scales["val"].counts(), shapes=shapes, batch=batch)


def _stages(on: resolve.NamedDataset, method: Method, record: Record, splits: Splits | None) -> tuple[StageFacts, ...]:
    rows = None if splits is None or overrides(method, "sampler") else len(splits.train)
    changed = ((stage, {**stage.changes, **record.config["overrides"]}) for stage in method.stages(on.protocol))
    return tuple(_stage(one.name, one.select, with_protocol(on.protocol, own), rows) for one, own in changed)


def _stage(name: str, selects: bool, protocol: Any, rows: int | None) -> StageFacts:
    steps = None
    if rows is not None:
        steps = sum(1 for _ in batches(torch.arange(rows), protocol))
    known = protocol.epochs, protocol.validate_every, protocol.validate_steps, protocol.patience
    return StageFacts(None if name == "train" else name, selects, *known, steps)
