"""How far other test rows would move a board, from predictions and labels; the answer is remembered."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from bench.leaderboard.sampling import Sampling, rounded, row_key, rows_of
from bench.memory import remembered
from bench.metrics import METRICS
from bench.results import arrays, store
from bench.results.arrays import Unsound
from bench.results.record import Record
from bench.runs import catalogue

Rows = Mapping[str, list[Record]]  # finished records by row of the board
Wanted = Mapping[str, Iterable[str]]  # pairs of rows by column, "mae all"


def sampling(results: Path, root: Path, dataset: str, rows: Rows, wanted: Wanted) -> Sampling | None:
    """What predictions and data say of a board; None where its data are not at hand.

    A row counts only if all its seeds have predictions that are there and as their records say.

    Args:
        root: of the data.
    """
    found, _ = catalogue.data_or_reason(dataset, root)
    keys = {row: key for row, records in rows.items() if (key := row_key(records)) is not None}
    if found is None or any(records[0].data_fingerprint != found for records in rows.values()):
        return None

    def compute() -> list[Any]:
        made = _Columns(results, root, dataset, {row: rows[row] for row in keys}).found(wanted)
        return [made.keys, made.groups, made.deviations]

    pairs = json.dumps({column: list(pairs) for column, pairs in wanted.items()}, sort_keys=True)
    files = {row: _files(results, rows[row]) for row in keys}  # which may come later than the records that name them
    asked = [dataset, found, keys, files, hashlib.sha256(pairs.encode()).hexdigest()]
    keys, groups, deviations = remembered("sampling", asked, compute)
    return Sampling(keys, groups, deviations).only(keys, wanted)


def _files(results: Path, records: Iterable[Record]) -> list[list[Any]]:
    # what there is of the predictions of some records: size and time of change
    named = {_file(results, record) for record in records}
    there = [(path.name, path.stat()) for path in sorted(named) if path.is_file()]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in there]


def _file(results: Path, record: Record) -> Path:
    assert record.predictions is not None
    folder = store.path_of(results, record.dataset, record.method, record.seed).parent
    return folder / record.predictions.file


class _Columns:
    # the influences of one board's test rows; torch and the data are loaded for that
    def __init__(self, results: Path, root: Path, dataset: str, rows: Rows) -> None:
        from bench.leaderboard.influence import row_groups
        from bench.plugins import resolve
        from bench.training import evaluate

        on = resolve.dataset(dataset)
        splits = catalogue.splits(dataset, root)
        self.results, self.rows, self.dataset, self.test = results, rows, on.dataset, splits.test
        self.labels = on.dataset.evaluation_arrays(splits.test.labels, splits.test)[1]
        seen = splits.reference_labels()
        self.regions = evaluate.regions_of(on.dataset, splits.test, seen, self.labels)
        # dense labels become one row a pixel, of which nobody says which picture it is of
        self.known = len(self.labels) == len(splits.test)
        self.groups = row_groups(len(splits.test), splits.test.shared) if self.known else np.zeros(0, dtype=int)
        self.given = evaluate.given(on.dataset, seen, self.labels, on.dataset.metrics)

    def found(self, wanted: Wanted) -> Sampling:
        from bench.leaderboard.influence import sampling_deviation

        if not self.known:
            return Sampling()
        columns = {tuple(column.split(" ")): set(pairs) for column, pairs in wanted.items()}
        influences = {row: made for row, records in self.rows.items() if (made := self._of_row(records, columns))}
        deviations: dict[str, dict[str, float]] = {}
        groups: dict[str, int] = {}
        for (metric, region), pairs in columns.items():
            inside = np.unique(self.groups[self._inside(region)], return_inverse=True)[1]
            groups[region] = int(inside.max(initial=-1)) + 1
            there = {row: own[metric, region] for row, own in influences.items() if (metric, region) in own}
            known = {name: [there.get(row) for row in rows_of(name)] for name in sorted(pairs)}
            deviations[f"{metric} {region}"] = {
                name: rounded(sampling_deviation(one if one is other else one - other, inside))
                for name, (one, other) in known.items()
                if one is not None and other is not None and groups[region] > 1
            }
        keys = {row: key for row in influences if (key := row_key(self.rows[row])) is not None}
        return Sampling(keys, groups, deviations)

    def _of_row(self, records: list[Record], columns: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], np.ndarray]:
        # the mean over seeds, for each column that has one in all of them
        from bench.leaderboard.influence import influence

        try:
            y_hat = np.stack([*self._predictions(records)])
        except Unsound:
            return {}
        made: dict[tuple[str, ...], np.ndarray] = {}
        within = {region: self._inside(region) for _, region in columns}
        for metric, region in columns:
            inside, given = within[region], self.given.get(METRICS[metric].given)
            rows = influence(metric, y_hat[:, inside], self.labels[inside], None if given is None else given[inside])
            if rows is not None:
                made[metric, region] = rows.mean(0)
        return made

    def _predictions(self, records: Iterable[Record]) -> Iterator[np.ndarray]:
        import torch

        shape = self.dataset.predictions_shape(self.test)
        for file, own in groupby(records, partial(_file, self.results)):
            with arrays.opened(file) as kept:
                for record in own:
                    assert record.predictions is not None
                    loaded = kept.load(f"seed-{record.seed}", shape, record.predictions.sha256)
                    yield self.dataset.evaluation_arrays(torch.from_numpy(loaded), self.test)[0]

    def _inside(self, region: str) -> np.ndarray:
        if region == "all" or self.regions is None:
            return np.ones(len(self.labels), dtype=bool)
        return np.asarray(self.regions == region)
