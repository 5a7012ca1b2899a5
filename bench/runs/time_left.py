"""How long the cells that are left will take, from the first seconds on."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from time import monotonic

from bench.runs.plan import Cell

SURE = 0.02  # of a cell that must be done before it tells the time of the whole


@dataclass
class Running:
    """A cell that runs since `began`, by the monotonic clock, of which a share is done."""

    cell: Cell
    began: float
    share: float = 0.0

    def whole(self, now: float) -> float | None:
        """Seconds that it will have taken; None while too little is done to tell."""
        return (now - self.began) / self.share if self.share >= SURE else None


@dataclass
class TimeLeft:
    """What cells took, by dataset and method: those that ended, then those that run, then others like them.

    Cells that one process trains side by side share its time: of a worker's seconds each takes its part.

    Args:
        waiting: cells that have not begun.
        jobs: processes at a time, each with a cell or several of a row.

    >>> left = TimeLeft(waiting=[], jobs=2)
    >>> left.seconds() is None
    True
    """

    waiting: Sequence[Cell]
    jobs: int
    walls: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    running: dict[str, Running] = field(default_factory=dict[str, Running])

    def __post_init__(self) -> None:
        self.coming = {cell.key: cell for cell in self.waiting}

    def started(self, cell: Cell) -> None:
        """A cell has begun."""
        self.coming.pop(cell.key, None)
        self.running[cell.key] = Running(cell, monotonic())

    def reached(self, cell: Cell, share: float) -> None:
        """A running cell has come so far, of 1."""
        self.running[cell.key].share = share

    def ended(self, cell: Cell, wall_s: float | None) -> None:
        """A cell has ended, after so many seconds; None where they say nothing of others."""
        self.running.pop(cell.key, None)
        row = cell.dataset, cell.method
        for one in self.running.values():
            if not one.share and (one.cell.dataset, one.cell.method) == row:
                one.began = monotonic()  # it may have stood behind this one, in the same process
        if wall_s is not None:
            self.walls[row].append(wall_s)

    def dropped(self, cells: Sequence[Cell]) -> None:
        """Some of those that have not begun never will."""
        for cell in cells:
            self.coming.pop(cell.key, None)

    def seconds(self) -> float | None:
        """Until all are done; None while nothing is known of any cell."""
        now = monotonic()
        going = [one for one in self.running.values() if one.share >= SURE]
        part = min(self.jobs / max(len(going), 1), 1.0)  # of a worker's seconds, to each that gets on
        usual = _usual(self._rows(now, part))
        work = [usual(cell) for cell in self.coming.values()]
        longest = 0.0
        for one in self.running.values():
            elapsed = now - one.began
            if whole := one.whole(now):
                work.append((whole - elapsed) * part)
                longest = max(longest, whole - elapsed)
            elif (cost := usual(one.cell)) is None:
                return None
            else:  # just begun, or behind others of its process
                work.append(cost if len(self.running) > self.jobs else max(cost - elapsed, 0.0))
                longest = max(longest, work[-1] or 0.0)
        known = [one for one in work if one is not None]
        return max(sum(known) / self.jobs, longest) if len(known) == len(work) > 0 else None

    def _rows(self, now: float, part: float) -> dict[tuple[str, str], float]:
        going: dict[tuple[str, str], list[float]] = defaultdict(list)
        for one in self.running.values():
            if (whole := one.whole(now)) is not None:
                going[one.cell.dataset, one.cell.method].append(whole * part)
        ended = {row: times for row, times in self.walls.items() if times}
        return {row: fmean(times) for row, times in {**going, **ended}.items()}


def _usual(rows: dict[tuple[str, str], float]) -> Callable[[Cell], float | None]:
    # seconds that a cell takes: as its row, else as its dataset's rows, else as all
    of: dict[str, list[float]] = defaultdict(list)
    for (dataset, _), seconds in rows.items():
        of[dataset].append(seconds)
    datasets = {dataset: fmean(seconds) for dataset, seconds in of.items()}
    overall = fmean(rows.values()) if rows else None
    return lambda cell: rows.get((cell.dataset, cell.method), datasets.get(cell.dataset, overall))
