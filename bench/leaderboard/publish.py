"""From a results folder to its boards: records and what the datasets say of themselves come together here.

What the datasets say needs torch, and boards never import it: a catalogue is handed in that knows the answers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.evidence.difference import Verdict
from bench.leaderboard import files, judging, sampling
from bench.leaderboard.board import Board, LeftOut, boards
from bench.leaderboard.pages import excerpt
from bench.leaderboard.sampling import Sampling
from bench.leaderboard.spec import BoardSpec
from bench.leaderboard.staleness import stale_cells
from bench.results.equivalence import Equivalences
from bench.results.intake import Intake, kept_as_they_are, take_in
from bench.results.record import Record

if TYPE_CHECKING:
    from rich.console import Console

EXCERPT = re.compile(r"(<!-- board (\S+) -->\n).*?(?=<!-- /board -->)", re.DOTALL)


class Catalogue(Protocol):
    """What datasets and methods say of themselves today, and what the evidence says; see `bench.runs.evidence`."""

    def describe(self, dataset: str) -> Mapping[str, Any]:
        """The fields of a BoardSpec but its regions."""
        ...

    def config_today(self, dataset: str, method: str, overrides: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The configuration that today's code would train; None where it has no such row."""
        ...

    def verdict(self, results: Path, intake: Intake, /) -> Verdict:
        """What the predictions and the other evidence beside the records say of them."""
        ...

    def sampling(
        self, results: Path, dataset: str, rows: Mapping[str, list[Record]], wanted: Mapping[str, Iterable[str]], /
    ) -> Sampling | None:
        """How far other test rows would move a board; None where its data are not at hand."""
        ...


@dataclass(frozen=True)
class Made:
    """The boards of a results folder, what is on none of them, and what could not be looked at.

    Args:
        left_out: of all boards, and of folders that have none.
        unscored: dataset -> why its predictions were hashed and not scored again.
        known: what the folder of boards holds of the sampling of test rows, brought up to date.
    """

    boards: list[Board]
    left_out: tuple[LeftOut, ...]
    unscored: Mapping[str, str]
    known: Mapping[str, Sampling]

    def pages(self) -> dict[str, str]:
        """Text of every file of the folder of boards, by file name."""
        return {**files.pages(self.boards, self.left_out), sampling.NAME: sampling.text(self.known)}


@dataclass(frozen=True)
class Published:
    """Board files that were written, or that differ; and datasets whose predictions could not be scored, and why."""

    files: list[str]
    unscored: Mapping[str, str]


@kept_as_they_are()
def write(results: Path, folder: Path, catalogue: Catalogue) -> Published:
    """Write every board that the records change, and the README's excerpts.

    Raises:
        BenchError: there are no records, or a file cannot be written.
    """
    made = read_boards(results, catalogue, folder)
    changed = [f"{folder}/{name}" for name in files.write(folder, made.pages())]
    readme, text = _readme(folder, made.boards)
    if text is not None:
        replace_file(readme, text.encode())
        changed.append(str(readme))
    return Published(changed, made.unscored)


@kept_as_they_are()
def differing(results: Path, folder: Path, catalogue: Catalogue) -> Published:
    """Board files that are not what the records give.

    Raises:
        BenchError: there are no records, so that nothing can be said.
    """
    made = read_boards(results, catalogue, folder)
    readme, text = _readme(folder, made.boards)
    changed = [f"{folder}/{name}" for name in files.differing(folder, made.pages())]
    return Published([*changed, str(readme)] if text is not None else changed, made.unscored)


def show(results: Path, folder: Path, dataset: str, catalogue: Catalogue, console: "Console") -> None:
    """Print one board.

    Args:
        folder: of boards, where a file holds what was found of the sampling of test rows.

    Raises:
        BenchError: there is no such dataset, or it has no records.
    """
    from bench.leaderboard import terminal  # rich, which files do not need

    for board in read_board(results, dataset, catalogue, folder).boards:
        terminal.show(board, console)


def read_board(results: Path, dataset: str, catalogue: Catalogue, folder: Path | None = None) -> Made:
    """As read_boards, of one dataset alone.

    Raises:
        BenchError: there is no such dataset, or it has no records.
    """
    name = catalogue.describe(dataset)["dataset"]
    intake = take_in(results, name, history=False)
    if not intake.records:
        raise BenchError(
            f"no records of '{name}' in {results}{intake.refused_words}; "
            f"make them with bench run --method all --dataset '{name}'"
        )
    return _boards(results, intake, catalogue, folder)


def read_boards(results: Path, catalogue: Catalogue, folder: Path | None = None) -> Made:
    """The boards of a results folder, by dataset; each record is read once.

    Args:
        folder: of boards, where a file holds what was found of the sampling of test rows; None where there is none.

    Raises:
        BenchError: there are no records.
    """
    intake = take_in(results, history=False)
    if not intake.records:
        where = results if results.is_dir() else f"{results}, which is no folder"
        words = intake.refused_words
        raise BenchError(f"no records in {where}{words}; name the folder of the records with --results")
    return _boards(results, intake, catalogue, folder)


@kept_as_they_are()
def _boards(results: Path, intake: Intake, catalogue: Catalogue, folder: Path | None) -> Made:
    verdict = catalogue.verdict(results, intake)
    doubted = verdict.doubted()
    left_out = [LeftOut(one.dataset, one.path, one.reason) for one in intake.refused]
    left_out += [LeftOut(one.dataset, one.path, doubted[one.cell]) for one in intake.records if one.cell in doubted]
    found = [record for record in intake.records if record.cell not in doubted]
    descriptions: dict[str, Mapping[str, Any]] = {}
    problem: BenchError | None = None
    for name in sorted({record.dataset for record in intake.records}):
        try:
            descriptions[name] = catalogue.describe(name)
        except BenchError as error:  # of a plug-in that is not here: the other boards do not depend on it
            left_out.append(LeftOut(name, name, str(error)))
            problem = error
    if problem is not None and not descriptions:
        raise problem
    found = [record for record in found if record.dataset in descriptions]
    regions: dict[str, set[str]] = {name: set() for name in descriptions}
    for record in found:
        regions[record.dataset].update(record.metrics.get("test", {}))
    # a method that nobody has run anywhere yet is missing from no board
    standing = {record.method for record in found}
    specs = [BoardSpec.of(what, regions[name]).among(standing) for name, what in descriptions.items()]
    stale = stale_cells(found, Equivalences.read(results), catalogue.config_today)
    ordered = tuple(sorted(left_out))
    made = boards(specs, found, stale, ordered)
    old = sampling.read(folder) if folder is not None else {}
    known = {board.spec.dataset: _sampling(board, results, catalogue, old) for board in made}
    return Made([board.sampled(known[board.spec.dataset]) for board in made], ordered, verdict.unscored, known)


def _sampling(board: Board, results: Path, catalogue: Catalogue, old: Mapping[str, Sampling]) -> Sampling:
    # what the folder of boards says stays as it is, to the last digit, unless today's data say something else
    keys = {row: key for row, records in board.finished.items() if (key := sampling.row_key(records)) is not None}
    wanted = judging.wanted_pairs(board.asked)
    kept = old.get(board.spec.dataset, Sampling()).only(keys, wanted)
    rows: dict[str, list[Record]] = {row: board.finished[row] for row in keys}
    found = catalogue.sampling(results, board.spec.dataset, rows, wanted) if rows else None
    return kept if found is None or found.agrees(kept) else found


def _readme(folder: Path, made: Sequence[Board]) -> tuple[Path, str | None]:
    """The README beside the boards, and its text with fresh excerpts; None where nothing changes."""
    path = folder.parent / "README.md"
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    known = {board.spec.dataset: board for board in made}

    def fresh(match: re.Match[str]) -> str:
        board = known.get(match[2])
        return match[0] if board is None else f"{match[1]}\n{excerpt(board)}\n\n"

    new = EXCERPT.sub(fresh, old)
    return path, None if new == old else new
