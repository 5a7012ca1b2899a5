"""Which seeds of a row train side by side in one process."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.plan import Cell

MOST = 1024


def require(seeds: int, name: str, apart: Mapping[str, bool]) -> None:
    """Raise a BenchError unless so many seeds can train side by side in a run.

    Args:
        name: of the option or argument.
        apart: by name, whether something is asked for that treats seeds one by one.
    """
    if not 1 <= seeds <= MOST:
        raise BenchError(f"{name} {seeds}: write a whole number from 1 to {MOST}")
    for other, given in apart.items():
        if given and seeds > 1:
            raise BenchError(f"{name} {seeds} trains seeds together and {other} one by one; leave out one of them")


def groups(todo: "Sequence[Cell]", most: int, jobs: int) -> "list[list[Cell]]":
    """Cells in groups of at most so many seeds of one row, as evenly as `jobs` processes can share a row's seeds.

    In the order of their first cells.
    """
    rows: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in todo:
        rows[cell.dataset, cell.method, cell.fingerprint].append(cell)
    parts = max(jobs // max(len(rows), 1), 1)
    found: list[list[Cell]] = []
    for cells in rows.values():
        size = min(most, -(-len(cells) // parts))
        found += [cells[first : first + size] for first in range(0, len(cells), size)]
    place = {cell.key: number for number, cell in enumerate(todo)}
    return sorted(found, key=lambda group: place[group[0].key])
