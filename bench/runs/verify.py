"""`bench verify`: every number of a results folder against its evidence, and some cells trained again."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError, unknown
from bench.evidence.difference import Difference, Verdict
from bench.leaderboard.staleness import stale_cells
from bench.names import parse, parse_stack
from bench.results.equivalence import Equivalences
from bench.results.intake import Intake, Refused, take_in
from bench.results.record import Record
from bench.runs import catalogue, evidence


@dataclass(frozen=True)
class Report:
    """What was looked at and what was found.

    Args:
        rerun: dataset/method/seed, whether training it again agrees, and how closely in words.
    """

    records: list[Record]
    refused: list[Refused]
    verdict: Verdict
    rerun: tuple[tuple[str, bool, str], ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nothing differs."""
        return not (self.verdict.differences or self.refused) and all(same for _, same, _ in self.rerun)

    def rows(self) -> list[tuple[str, str, int, int, int]]:
        """Of each row: dataset, method, its cells, and how many are proved and different."""
        doubted = {one.cell for one in self.verdict.differences}
        counts: dict[tuple[str, str], Counter[str]] = {}
        for record in self.records:
            own = counts.setdefault((record.dataset, record.method), Counter())
            own["cells"] += 1
            if record.cell in doubted:
                continue
            own["proved"] += record.status == "ok" and record.dataset not in self.verdict.unscored
        found = Counter(tuple(one.cell.split("/")[:2]) for one in self.verdict.differences)
        return [(*row, own["cells"], own["proved"], found[row]) for row, own in counts.items()]

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data.

        `rows` has of each `dataset` and `method` the number of `cells`, `proved` and `differences`; `differences` each
        `cell` (or row), `what` kind and `text`; `left_out` each `path` and `reason`.
        """
        heads = ("dataset", "method", "cells", "proved", "differences")
        return {
            "rows": [dict(zip(heads, row, strict=True)) for row in self.rows()],
            "differences": [{"cell": d.cell, "what": d.what, "text": d.text} for d in self.verdict.differences],
            "left_out": [{"path": one.path, "reason": one.reason} for one in self.refused],
            "not_scored": self.verdict.unscored,
            "rerun": [{"cell": cell, "agrees": same, "how": how} for cell, same, how in self.rerun],
        }


def verify(results: Path, root: Path, dataset: str | None = None, method: str | None = None) -> Report:
    """Hold a results folder, or one dataset or method of it, against its evidence.

    Args:
        root: of the data.

    Raises:
        BenchError: there are no records, or none of that name.
    """
    if not results.is_dir():
        raise BenchError(f"no results folder {results}; name the folder of the records with --results")
    wanted = None if dataset is None else str(parse(dataset))
    intake = take_in(results, wanted, history=False)
    if wanted is not None and not intake.records and not intake.refused:
        raise unknown("dataset with results", wanted, (path.name for path in results.iterdir() if path.is_dir()))
    if intake.is_empty:
        raise BenchError(f"no records in {results}{intake.refused_words}; name a folder that bench run has written")
    if method is not None:
        _keep(intake, method)
    verdict = evidence.verdict(results, intake, root)
    stale = list(_of_code(results, intake.records, verdict))
    return Report(intake.records, intake.refused, Verdict.of([*verdict.differences, *stale], verdict.unscored))


def _keep(intake: Intake, method: str) -> None:
    parts = sorted(map(str, parse_stack(method)))
    there = {name for _, name in intake.rows}
    names = {name for name in there if sorted(name.split("+")) == parts}
    if not names:
        raise unknown("method with results", method, there)
    intake.records = [record for record in intake.records if record.method in names]
    intake.rows = [row for row in intake.rows if row[1] in names]
    intake.refused = [
        one for one in intake.refused if one.path.split("/")[1:2] == [] or one.path.split("/")[1] in names
    ]


def _of_code(results: Path, records: Iterable[Record], verdict: Verdict) -> Iterator[Difference]:
    records = list(records)
    stale = stale_cells(records, Equivalences.read(results), catalogue.config_today)
    known = {one.cell for one in verdict.differences if one.what == "data"}
    for record in records:
        if record.status == "ok" and record.cell in stale - known:
            text = "today's code, settings or data give another record: it is stale and on no board"
            yield Difference(record.cell, "code", text)
