"""`bench merge`: records that other machines made, into one results folder. What does not verify stays out."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.atomic import require_locks, require_writable
from bench.errors import BenchError
from bench.leaderboard.staleness import stale_cells
from bench.plugins import described
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.intake import Intake, of_cell, require_records
from bench.results.reading import Unreadable
from bench.results.record import Predictions, Record
from bench.runs import catalogue, evidence


@dataclass
class Merged:
    """What became of the records of the folders that were merged: path of each record -> why it is left out.

    Args:
        added: records that are in the results folder now.
        there: records that were there already, alike or of the same cell.
        refused: what does not verify.
        differing: cells of which the results folder has other predictions, which it keeps.
        unscored: dataset -> why predictions were hashed and not scored again.
    """

    added: list[str] = field(default_factory=list[str])
    there: list[str] = field(default_factory=list[str])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    differing: list[str] = field(default_factory=list[str])
    unscored: dict[str, str] = field(default_factory=dict[str, str])


def merge(folders: list[Path], results: Path, root: Path) -> Merged:
    """Copy the records of some folders, with their predictions and as they are, into a results folder.

    A cell that is there and finished stays; a failed or stale record gives way to a good one.

    Args:
        root: of the data, by which predictions are scored again.

    Raises:
        BenchError: a folder has no records, or is the results folder itself; or nothing can be written there.
    """
    made, target = Merged(), Equivalences.read(results)
    given = [(folder, _take_in(folder, results)) for folder in folders]
    require_writable(results, "--results")  # after that, as it makes the folder
    require_locks(results, "--results")
    for folder, intake in given:
        verdict = evidence.verdict(folder, intake, root)
        made.unscored |= verdict.unscored
        made.refused |= {str(folder / one.path): one.reason for one in intake.refused}
        for one in verdict.differences:
            made.refused.setdefault(str(folder / one.cell), f"{one.what}: {one.text}")
        stale = stale_cells(intake.records, target, catalogue.config_today)
        doubted = verdict.doubted()
        for record in intake.records:
            if record.cell in stale:
                made.refused.setdefault(
                    str(folder / record.cell), "today's code, settings or data give another record; train it again"
                )
            elif record.cell not in doubted:
                _one(folder, results, record, target, made)
        _keep_descriptions(results, intake)
    return made


def _take_in(folder: Path, results: Path) -> Intake:
    one, other = folder.resolve(), results.resolve()
    if one == other:
        raise BenchError(f"{folder} is the results folder itself; name the folders to merge into it")
    if one in other.parents or other in one.parents:
        raise BenchError(f"one of {folder} and {results} lies in the other; merge into a folder of its own")
    intake = require_records(folder)
    described.register_kept(folder)
    return intake


def _one(folder: Path, results: Path, record: Record, known: Equivalences, made: Merged) -> None:
    name, there = str(folder / record.cell), None
    with contextlib.suppress(Unreadable):  # which store.copy sets aside
        there = of_cell(store.path_of(results, record.dataset, record.method, record.seed))
    if there is not None and (there.status == "ok" or record.status != "ok"):
        config = catalogue.config_today(there.dataset, there.method, there.config.get("overrides", {}))
        if known.is_current(there, config) and there.data_fingerprint == record.data_fingerprint:
            made.there.append(name)
            if _without_features(there) != _without_features(record):
                made.differing.append(name)
            return
    store.copy(folder, results, record)
    made.added.append(name)


def _without_features(record: Record) -> Predictions | None:
    return record.predictions and record.predictions.model_copy(update={"features": None})


def _keep_descriptions(results: Path, intake: Intake) -> None:
    named = {record.config["dataset"]["name"] for record in intake.records}
    described.keep(results, {one.name for one in described.known() if one.name in named})


def lines(made: Merged) -> Iterator[str]:
    """What to say of it."""
    yield f"{len(made.added)} records added, {len(made.there)} were there already, {len(made.refused)} refused"
    if made.differing:
        yield f"{len(made.differing)} of those have other predictions, which are kept: {made.differing[0]}"
    if made.unscored:
        yield f"predictions hashed and not scored, for want of data: {', '.join(made.unscored)}"
    for name, reason in sorted(made.refused.items()):
        yield f"refused {name}: {reason}"
