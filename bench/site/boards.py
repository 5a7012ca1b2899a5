"""What the page of a board shows: its tables, each with what it is sorted by, its words and its charts."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.leaderboard.board import Board
from bench.leaderboard.format import NONE
from bench.leaderboard.tables import COSTS, Table, cost_table, coverage_table, machines, main_table
from bench.metrics import METRICS
from bench.site import charts, curves, labels
from bench.site.standing import Gain, Standing, standing

Key = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """Text of a cell, what it is sorted by (None comes last), and whether it is bold."""

    text: str
    order: float | str | None = None
    bold: bool = False


@dataclass(frozen=True)
class Column:
    """A heading; `metric` names the group of columns that are shown together, empty where it is always shown."""

    title: str
    metric: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a board: the name of its row, whether it shares the lead, is a stack, or is the baseline."""

    name: str
    cells: Sequence[Cell]
    role: str = "others"


@dataclass(frozen=True)
class Chart:
    """A chart with its heading and one sentence on how to read it."""

    name: str
    title: str
    text: str
    spec: charts.Spec


@dataclass
class Page:
    """All that a board's page shows."""

    board: Board
    standing: Standing
    columns: list[Column]
    rows: list[Row]
    metrics: dict[str, str]  # name -> label, in the order of the board
    charts: list[Chart] = field(default_factory=list[Chart])
    missing: list[str] = field(default_factory=list[str])  # why a chart is not there
    costs: Table | None = None
    machines: list[str] = field(default_factory=list[str])
    coverage: Table | None = None

    @property
    def ratios(self) -> dict[str, str]:
        """Row -> time of a step as a multiple of the baseline's, as the table of costs has it."""
        made = self.costs
        if made is None or "step ratio" not in made.columns:
            return {}
        place = made.columns.index("step ratio")
        return {row[0]: row[place] for row in made.rows}


def page(board: Board, results: Path, root: Path) -> Page:
    """Everything of one board.

    Args:
        root: of the data, without which errors by label are left out.
    """
    found = standing(board)
    columns, rows = _table(board, found)
    labels_of = {name: METRICS[name].label for name in board.spec.metrics}
    made = Page(board, found, columns, rows, labels_of)
    if board.finished:
        made.costs = cost_table(board)
        made.machines = machines(record for own in board.finished.values() for record in own)
        _draw(made, results, root)
    made.coverage = coverage_table(board)
    return made


def percent(gain: Gain) -> str:
    """A gain with its interval: +3.1% (+1.9 to +4.2)."""
    return f"{_percent(gain.mean)}% ({_percent(gain.low)} to {_percent(gain.high)})"


def _percent(share: float) -> str:
    value = 100 * share
    return (f"{value:+z.0f}" if abs(value) >= 10 else f"{value:+z.1f}").replace("-", "−")


def _table(board: Board, found: Standing) -> tuple[list[Column], list[Row]]:
    made, keys = main_table(board), board.spec.keys
    first, *others = (Column(board.spec.header(*key), key[0]) for key in keys)
    columns = [first, Column("gain over baseline"), *others, Column("n")]
    rows: list[Row] = []
    for i, (row, count, *texts) in enumerate(made.rows):
        gain = found.gains.get(row)
        first, *others = (
            Cell(text, board.statistics[row][key].mean, (i, j) in made.bold)
            for j, (key, text) in enumerate(zip(keys, texts, strict=True), start=2)
        )
        compared = Cell(percent(gain), gain.mean) if gain else Cell(NONE)
        cells = [first, compared, *others, Cell(count, float(len(board.finished.get(row, ()))))]
        rows.append(Row(row, cells, role(row, found)))
    return columns, rows


def role(row: str, found: Standing) -> str:
    """What colour a row has: that of the baseline, of the best group, or of the others."""
    if row == "baseline":
        return "baseline"
    return "best group" if row in found.tied else "others"


def _draw(made: Page, results: Path, root: Path) -> None:
    board, found = made.board, made.standing
    key = board.spec.keys[0]
    values = {row: [*board.values(row, key).values()] for row in board.statistics}
    values = {row: own for row, own in values.items() if own}
    roles = {row: role(row, found) for row in board.statistics}
    first = next((row for row in found.tied if row != "baseline"), found.leader or "")
    heading = board.spec.header(*key)
    if values:
        text = "Dots are seeds, a diamond is their mean, a bar its 95% interval. The dashed line is the baseline."
        made.charts.append(Chart("seeds", "Every seed", text, charts.seeds(values, roles, heading)))
    by_label, reason = labels.by_label(board, results, root)
    if by_label is not None:
        text = "Lines: mean absolute error on the test split over all seeds. Bars: how often training saw such labels."
        spec = charts.error_by_label(by_label, first, board.spec.unit)
        made.charts.append(Chart("labels", "Error by label", text, spec))
    else:
        made.missing.append(f"Error by label is left out: {reason}.")
    if found_curves := curves.curves(board, results):
        chosen = METRICS[board.spec.metrics[0]].label
        text = "On the validation split: mean over seeds, and the range of the seeds as a band."
        spec = charts.learning(found_curves, first, f"validation {chosen}")
        made.charts.append(Chart("curves", "Learning curves", text, spec))
    costs = {row: ms for row in values if (ms := _median(board, row, "step ms")) is not None}
    if costs:
        means = {row: statistics.fmean(own) for row, own in values.items()}
        text = "Below and to the left is better." if not METRICS[key[0]].higher_is_better else "Up and left is better."
        made.charts.append(Chart("cost", "Cost against error", text, charts.cost(costs, means, roles, heading)))


def _median(board: Board, row: str, cost: str) -> float | None:
    known: list[Any] = [value for record in board.finished[row] if (value := COSTS[cost](record)) is not None]
    return float(f"{statistics.median(known):.4g}") if known else None
