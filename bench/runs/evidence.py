"""A results folder against its evidence, row by row; what was found is remembered until a file or the code changes.

Neither torch nor data are loaded for rows that are known.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.evidence.copies import copies
from bench.evidence.difference import Difference, Verdict
from bench.leaderboard.sampling import Sampling
from bench.memory import remembered
from bench.results import arrays, reading, store
from bench.results.arrays import Unsound
from bench.results.identity import FEATURES, PREDICTIONS
from bench.results.intake import Intake
from bench.results.record import Record
from bench.runs import catalogue, committed

# what a write of an older version left for a moment, or one has set aside
OURS = re.compile(r"\.predictions.*\.npz\.[a-z0-9_]{8}|predictions.*\.npz\.aside(-[0-9]+)?", re.ASCII)
LIKE_PREDICTIONS = re.compile(r"predictions|\.npz$", re.IGNORECASE)

Row = tuple[str, str]  # dataset, method


def verdict(results: Path, intake: Intake, root: Path) -> Verdict:
    """What the evidence says of the records that were taken in.

    Args:
        root: of the data; where those of a dataset are missing, its predictions are hashed and not scored.
    """
    by_row: dict[Row, list[Record]] = defaultdict(list)
    for record in intake.records:
        by_row[record.dataset, record.method].append(record)
    finished = {record.dataset for record in intake.records if record.status == "ok"}
    prints, unscored = _fingerprints(sorted(finished), root)
    examine = _Examine(results, root)
    found: list[Difference] = []
    for dataset, method in sorted({*by_row, *intake.rows}):
        own = by_row[dataset, method]
        files = _files(results / dataset / method)
        digests = [intake.digests[record.cell] for record in own]
        by_seed = [[record.seed, digest] for record, digest in zip(own, digests, strict=True)]
        asked = [str(results.absolute()) if not own else "", dataset, method, by_seed, files, prints.get(dataset)]
        look = partial(examine.row, dataset, method, own, digests, files, prints.get(dataset))
        answer = remembered("evidence", asked, look)
        found += [Difference(*one) for one in answer]

    def whole(record: Record) -> Record:
        return reading.read(store.path_of(results, record.dataset, record.method, record.seed))

    found += committed.differences(results, intake.records, intake.digests)
    found += copies(intake.records, whole, lambda record: store.predictions(results, record), intake.trails)
    return Verdict.of(found, unscored)


@dataclass(frozen=True)
class Catalogue:
    """What boards must know beside the records: of datasets and methods, and what the evidence says.

    Args:
        root: of the data.
    """

    root: Path
    describe = staticmethod(catalogue.describe)
    config_today = staticmethod(catalogue.config_today)

    def verdict(self, results: Path, intake: Intake, /) -> Verdict:
        """As the function of this name."""
        return verdict(results, intake, self.root)

    def sampling(
        self, results: Path, dataset: str, rows: Mapping[str, list[Record]], wanted: Mapping[str, Iterable[str]], /
    ) -> Sampling | None:
        """As the function of this name in `bench.runs.sampling`."""
        from bench.runs.sampling import sampling

        return sampling(results, self.root, dataset, rows, wanted)


def _fingerprints(datasets: Iterable[str], root: Path) -> tuple[dict[str, str], dict[str, str]]:
    # of the data that are there; and why the others are not
    there: dict[str, str] = {}
    missing: dict[str, str] = {}
    for dataset in datasets:
        try:
            found, reason = catalogue.data_or_reason(dataset, root)
        except BenchError as error:  # there is no such dataset
            found, reason = None, str(error)
        except Exception as error:  # what a record names may be made to fail in any way
            found, reason = None, f"{type(error).__name__}: {error}"
        if found is None:
            missing[dataset] = reason
        else:
            there[dataset] = found
    return there, missing


def _files(row: Path) -> dict[str, str]:
    # every file of predictions in a row's folder, with its SHA-256, or with what it is instead of a file
    try:
        with os.scandir(row) as there:
            names = sorted(entry.name for entry in there)
    except OSError:
        return {}
    chosen = [name for name in names if LIKE_PREDICTIONS.search(name) and not OURS.fullmatch(name)]
    return {name: _digest(row / name) for name in chosen}


def _digest(path: Path) -> str:
    if (kind := reading.kind_of(path)) is not None:
        return kind
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror}"


class _Examine:
    """Works out what is not remembered; torch and the data are loaded for that."""

    def __init__(self, results: Path, root: Path) -> None:
        self.results, self.root = results, root
        self._scorer = None

    def row(
        self,
        dataset: str,
        method: str,
        records: Sequence[Record],
        digests: Sequence[str],
        files: dict[str, str],
        fingerprint: str | None,
    ) -> list[list[str]]:
        """The differences of a row, as JSON can hold them.

        Args:
            digests: of the records' files, when they were taken in.
            files: of predictions, each with its SHA-256.
            fingerprint: of the data today; None where there are none.
        """
        from bench.runs.scoring import Scorer

        self._scorer = self._scorer or Scorer(self.results, self.root)
        found, finished = list[Difference](), list[Record]()
        for record, digest in zip(records, digests, strict=True):
            whole, fields = reading.read_again(record, self.results / record.path, digest)
            found += _of_checksum(whole, fields)
            finished += [whole] if whole.status == "ok" else []
        found += self._scorer.row(finished, fingerprint)
        found += _unowned(self.results, f"{dataset}/{method}", records, files)
        return [list(astuple(one)) for one in found]


def _of_checksum(record: Record, fields: Mapping[str, Any]) -> Iterator[Difference]:
    if record.schema_version == 1 and record.checksum is None:
        return
    if record.checksum is None:
        yield Difference(record.cell, "checksum", "it has none")
    elif record.checksum != store.checksum(fields):
        yield Difference(record.cell, "checksum", "it is not that of the file: a field was changed")


def _unowned(results: Path, row: str, records: Sequence[Record], files: dict[str, str]) -> Iterator[Difference]:
    # arrays that no finished record owns, and files that are no predictions of the row's records
    owned: dict[str, set[str]] = defaultdict(set)
    status = {f"seed-{record.seed}": record for record in records}
    for record in records:
        if record.predictions is not None:
            owned[record.predictions.file] |= store.keys_of(record.seed, record.predictions).keys()
            if (features := record.predictions.features) is not None:
                owned[features.file] |= store.features_keys(record.seed, features).keys()
    for name in files:
        if not (PREDICTIONS.fullmatch(name) or FEATURES.fullmatch(name)):
            yield Difference(row, "arrays", f"{name} is no file of predictions that the harness writes")
            continue
        try:
            with arrays.opened(results / row / name) as kept:
                surplus = [key for key in kept if key not in owned[name]]
        except Unsound as error:
            if not owned[name]:
                yield Difference(row, "arrays", f"{name}: {error}; no record names it")
            continue
        for key in surplus:
            seed = key.partition("/")[0]
            record = status.get(seed)
            if record is None:
                yield Difference(row, "arrays", f"{name} has the array {key}, of which there is no record")
            elif record.status != "ok":
                yield Difference(
                    record.cell, "arrays", f"{name} has the array {key}, yet the record says {record.status}"
                )
            else:
                yield Difference(record.cell, "arrays", f"{name} has the array {key}, which the record does not name")
