"""From a results folder to its boards: records and what the datasets say of themselves come together here.

What the datasets say needs torch, and boards never import it: a catalogue is handed in that knows the answers.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.leaderboard import files
from bench.leaderboard.board import Board, boards
from bench.leaderboard.pages import excerpt
from bench.leaderboard.spec import BoardSpec
from bench.leaderboard.staleness import stale_cells
from bench.results import store
from bench.results.equivalence import Equivalences
from bench.results.record import Record

if TYPE_CHECKING:
    from rich.console import Console

EXCERPT = re.compile(r"(<!-- board (\S+) -->\n).*?(?=<!-- /board -->)", re.DOTALL)


class Catalogue(Protocol):
    """What datasets and methods say of themselves today; `bench.runs.catalogue` is one."""

    def describe(self, dataset: str) -> Mapping[str, Any]:
        """The fields of a BoardSpec but its regions."""
        ...

    def config_today(self, dataset: str, method: str, overrides: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The configuration that today's code would train; None where it has no such row."""
        ...


def write(results: Path, folder: Path, catalogue: Catalogue) -> list[str]:
    """Write every board that the records change, and the README's excerpts; returns the files written.

    Raises:
        BenchError: there are no records, or a file cannot be written.
    """
    made = read_boards(results, catalogue)
    changed = [f"{folder}/{name}" for name in files.write(folder, files.pages(made))]
    readme, text = _readme(folder, made)
    if text is not None:
        replace_file(readme, text.encode())
        changed.append(str(readme))
    return changed


def differing(results: Path, folder: Path, catalogue: Catalogue) -> list[str]:
    """Board files that are not what the records give.

    Raises:
        BenchError: there are no records, so that nothing can be said.
    """
    made = read_boards(results, catalogue)
    readme, text = _readme(folder, made)
    changed = [f"{folder}/{name}" for name in files.differing(folder, files.pages(made))]
    return [*changed, str(readme)] if text is not None else changed


def show(results: Path, dataset: str, catalogue: Catalogue, console: "Console") -> None:
    """Print one board.

    Raises:
        BenchError: there is no such dataset, or it has no records.
    """
    from bench.leaderboard import terminal  # rich, which files do not need

    name = catalogue.describe(dataset)["dataset"]
    found = store.read_all(results, name, history=False)
    if not found:
        raise BenchError(
            f"no records of '{name}' in {results}; make them with bench run --method all --dataset '{name}'"
        )
    (board,) = _boards(results, found, catalogue)
    terminal.show(board, console)


def read_boards(results: Path, catalogue: Catalogue) -> list[Board]:
    """The boards of a results folder, by dataset; each record is read once.

    Raises:
        BenchError: there are no records.
    """
    found = store.read_all(results, history=False)
    if not found:
        where = results if results.is_dir() else f"{results}, which is no folder"
        raise BenchError(f"no records in {where}; name the folder of the records with --results")
    return _boards(results, found, catalogue)


def _boards(results: Path, found: Sequence[Record], catalogue: Catalogue) -> list[Board]:
    regions: dict[str, set[str]] = defaultdict(set)
    for record in found:
        regions[record.dataset].update(record.metrics.get("test", {}))
    # a method that nobody has run anywhere yet is missing from no board
    standing = {record.method for record in found}
    specs = [BoardSpec.of(catalogue.describe(name), regions[name]).among(standing) for name in sorted(regions)]
    return boards(specs, found, stale_cells(found, Equivalences.read(results), catalogue.config_today))


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
