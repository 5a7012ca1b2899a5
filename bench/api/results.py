"""Records and boards as tables."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from bench.errors import BenchError, unknown
from bench.leaderboard import export
from bench.leaderboard.board import Board
from bench.leaderboard.spec import BoardSpec
from bench.leaderboard.staleness import stale_cells
from bench.names import parse, parse_stack
from bench.printable import plain
from bench.results.equivalence import Equivalences
from bench.results.intake import take_in
from bench.results.record import Record

FIRST = ("dataset", "method", "seed", "status", "key")
_LISTED = ("config", "metrics", "history", *FIRST)  # set out below, or no single value


def load_results(folder: str | Path = "results", dataset: str | None = None, method: str | None = None) -> pd.DataFrame:
    """All records below a folder, one row a record, in a fixed order. Never imports torch.

    What is no whole record of its place is left out with a warning. Predictions are not looked at: `bench verify` does.

    Columns are dataset, method, seed, status and key, then `<split>_<region>_<metric>` such as test_all_mae, then all
    else that a record says, by its place in it: selection_epoch, timing_wall_s, environment_torch and so on.

    Args:
        dataset, method: keep those of this name, written as on a board.

    Raises:
        BenchError: the folder is not there, or nothing has that name.

    >>> found = load_results("search/results", dataset="circle", method="ranksim[weight=0.1]")
    >>> found[["dataset", "status"]].drop_duplicates().values.tolist()
    [['circle', 'ok']]
    """
    rows = [_row(record) for record in _records(Path(folder), dataset, method)]
    columns = list(FIRST) if not rows else None
    return pd.DataFrame(rows, columns=columns)


def board_frame(dataset: str | None = None, folder: str | Path = "results", stale: bool = False) -> pd.DataFrame:
    """A board, best row first: mean, sample deviation and number of seeds of each metric and region.

    This is `bench.leaderboard`. Columns are n and failed, the seeds that finished and that failed, then
    `<region>_<metric>` with the mean over seeds and `<region>_<metric>_sd`; the first metric over all samples ranks
    the rows, those with failed seeds behind them, and references last. `bench export` writes the same columns.

    Args:
        dataset: name, written as on its board. Without one all boards below one another, by dataset and method; what
            a board does not have is nan.
        folder: of the records.
        stale: count records as they are, whatever today's code, settings and data would give or their predictions say.

    Raises:
        BenchError: there is no record of the dataset, or none that counts.

    >>> board = board_frame("circle", "search/results", stale=True)
    >>> list(board.columns)
    ['n', 'failed', 'all_mse', 'all_mse_sd']
    """
    root = Path(folder)
    by_dataset: dict[str, list[Record]] = {}
    for record in _records(root, dataset, None):
        by_dataset.setdefault(record.dataset, []).append(record)
    boards = [board for records in by_dataset.values() if (board := _board(root, records, stale)).finished]
    if not boards:
        where = f"record of '{dataset}' in {root}" if dataset else f"record in {root}"
        raise BenchError(f"no finished {where} is of today's code; run it again, or give stale=True")
    return export.frames(boards) if dataset is None else export.frame(boards[0])


def _board(root: Path, records: list[Record], stale: bool) -> Board:
    spec = _spec(records)
    if not stale:
        records = _proved(root, records)
    return Board(spec, records, frozenset() if stale else _stale(root, records))


def _proved(root: Path, records: list[Record]) -> list[Record]:
    # without those whose predictions are not the record's, each named in a warning
    from bench.data import files
    from bench.runs import evidence

    intake = take_in(root, records[0].dataset, history=False)
    doubted = evidence.verdict(root, intake, files.root(None)).doubted()
    for record in records:
        if record.cell in doubted:
            warnings.warn(f"left out {record.path}: {plain(doubted[record.cell])}", stacklevel=4)
    return [record for record in records if record.cell not in doubted]


def _records(root: Path, dataset: str | None, method: str | None) -> list[Record]:
    if not root.is_dir():
        raise BenchError(f"no results folder {root}; make results with bench run, or name another folder")
    wanted = None if dataset is None else str(parse(dataset))
    intake = take_in(root, wanted)
    for one in intake.refused:
        warnings.warn(f"left out {plain(one.path)}: {plain(one.reason)}", stacklevel=3)
    found = intake.records
    if wanted is not None and not found:
        raise unknown("dataset with results", wanted, (path.name for path in root.iterdir() if path.is_dir()))
    if method is None:
        return found
    row = "+".join(str(name) for name in parse_stack(method))
    kept = [record for record in found if record.method == row]
    if not kept:
        raise unknown("method with results", row, {record.method for record in found})
    return kept


def _row(record: Record) -> dict[str, Any]:
    content = record.model_dump(mode="json")
    row = {key: content[key] for key in FIRST}
    for split in reversed(content["metrics"]):  # test before val
        for region, values in content["metrics"][split].items():
            row |= {f"{split}_{region}_{metric}": value for metric, value in values.items()}
    for key in content.keys() - _LISTED:
        row |= _flat(key, content[key])
    return row


def _flat(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    parts = cast(dict[str, Any], value)
    return {key: inner for part, held in parts.items() for key, inner in _flat(f"{name}_{part}", held).items()}


def _spec(records: list[Record]) -> BoardSpec:
    """The metrics and regions that the records have, in their order."""
    tested = [record.metrics["test"] for record in records if "test" in record.metrics]
    if not tested:
        raise BenchError(
            f"no record of '{records[0].dataset}' has test metrics; see their status by bench.load_results"
        )
    regions = dict.fromkeys(region for test in tested for region in test)
    metrics = dict.fromkeys(metric for test in tested for metric in test["all"] if metric != "n")
    references = dict.fromkeys(parse_stack(record.method)[0].base for record in records if record.is_reference)
    made = BoardSpec(records[0].dataset, records[0].dataset, "", "", tuple(metrics), tuple(regions))
    return replace(made, references=tuple(references))


def _stale(root: Path, records: list[Record]) -> frozenset[str]:
    from bench.runs import catalogue

    return stale_cells(records, Equivalences.read(root), catalogue.config_today)
