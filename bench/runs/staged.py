"""A run seed by seed: `--race` spends seeds where rows cannot be told apart, `--budget` begins what fits.

In each round every row gets its next seed, those with the fewest seeds first and the baseline before all others, so
that whatever is done compares the same seeds of all rows.
"""

import contextlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from bench.leaderboard.sequential import Beaten, beaten, validation
from bench.results.intake import of_cell
from bench.results.reading import Unreadable
from bench.results.record import is_of_reference
from bench.results.store import path_of
from bench.runs.estimate import seconds
from bench.runs.plan import Cell, Plan

BASELINE = "baseline"


@dataclass
class Staged:
    """The batches of cells of a run, each chosen when the one before is done.

    Args:
        jobs: cells at a time.
        budget_s: seconds, from the first batch on, after which nothing begins that is expected to end later.
        race: leave out rows that another one beats beyond doubt on validation.
        extra: seeds that a race takes further, while more than one row of a dataset is not beaten.
        dropped: is told of cells that will not be trained.
    """

    plan: Plan
    results: Path
    jobs: int
    budget_s: float | None = None
    race: bool = False
    extra: frozenset[int] = frozenset()
    dropped: Callable[[Sequence[Cell]], None] = lambda _: None
    beaten: dict[tuple[str, str], Beaten] = field(default_factory=dict[tuple[str, str], Beaten])
    saved: int = 0  # cells of beaten rows
    spared: int = 0  # cells of extra seeds that had nothing to decide
    unfit: int = 0  # cells for which there was no time

    def __iter__(self) -> Iterator[list[Cell]]:
        began = monotonic()
        for batch in rounds(self.plan):
            if self.race:
                batch = self._racing(batch)
            while batch:
                chosen, batch = self._fitting(batch, began)
                if not chosen:
                    break
                yield chosen

    def lines(self) -> Iterator[str]:
        """What to say of it at the end."""
        for (dataset, method), one in self.beaten.items():
            yield (
                f"{dataset} {method}: no further seeds, as {one.by} validates better on {one.seeds} (anytime-valid p "
                f"{one.p:.1g})"
            )
        if self.spared:
            yield f"{self.spared} cells of extra seeds were not trained, as one row had beaten all others"
        if self.saved:
            yield f"{self.saved} cells of beaten rows were not trained; without --race a run trains them"
        if self.unfit:
            yield f"{self.unfit} cells did not fit into the time; the same command goes on with them"

    def _racing(self, batch: list[Cell]) -> list[Cell]:
        decided: set[str] = set()
        for dataset in {cell.dataset for cell in batch}:
            values = self._validation(dataset)
            for method, one in beaten(values).items():
                self.beaten.setdefault((dataset, method), one)
            if sum((dataset, method) not in self.beaten for method in values) < 2:
                decided.add(dataset)
        going, lost, spared = list[Cell](), list[Cell](), list[Cell]()
        for cell in batch:
            if cell.seed in self.extra and cell.dataset in decided:
                spared.append(cell)
            elif (cell.dataset, cell.method) in self.beaten and cell.method != BASELINE:
                lost.append(cell)
            else:
                going.append(cell)
        self.saved += len(lost)
        self.spared += len(spared)
        self.dropped([*lost, *spared])
        return going

    def _validation(self, dataset: str) -> dict[str, dict[int, float]]:
        # of the records of today, by row and seed, lower is better
        found: dict[str, dict[int, float]] = defaultdict(dict)
        for item in self.plan.planned:
            cell = item.cell
            if cell.dataset != dataset or is_of_reference(cell.config) or not (item.run or item.state == "done"):
                continue
            with contextlib.suppress(Unreadable):  # what lies where a record is still to come
                record = of_cell(path_of(self.results, dataset, cell.method, cell.seed))
                if record is not None and (record.key == cell.key or not item.run):
                    value = validation(record)
                    found[cell.method] |= {} if value is None else {cell.seed: value}
        return found

    def _fitting(self, batch: list[Cell], began: float) -> tuple[list[Cell], list[Cell]]:
        # what to begin now, and what to think about afterwards
        if self.budget_s is None:
            return batch, []
        known = seconds(self.plan, self.results)
        left = self.budget_s - (monotonic() - began)
        unknown = [cell for cell in batch if cell.key not in known]
        if unknown and left > 0:
            first = unknown[: self.jobs]  # which tell the time of the others
            return first, [cell for cell in batch if cell not in first]
        chosen: list[Cell] = []
        used = 0.0
        for cell in batch:
            took = known.get(cell.key, math.inf)
            if took <= left and (used + took) / self.jobs <= left:
                chosen.append(cell)
                used += took
        rest = [cell for cell in batch if cell not in chosen]
        self.unfit += len(rest)
        self.dropped(rest)
        return chosen, []


def rounds(plan: Plan) -> list[list[Cell]]:
    """The cells to run, seed by seed; the n-th round brings rows to their n-th seed."""
    number: dict[tuple[str, str], int] = defaultdict(int)
    found: dict[int, list[Cell]] = defaultdict(list)
    for item in sorted(plan.planned, key=lambda item: item.run):  # what is there already counts
        row = item.cell.dataset, item.cell.method
        if item.run:
            found[number[row]].append(item.cell)
        if item.run or item.state == "done":
            number[row] += 1
    return [sorted(found[n], key=lambda cell: cell.method != BASELINE) for n in sorted(found)]
