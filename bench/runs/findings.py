"""What analyses have found: a value of each measure for each record, as tables, JSON and CSV."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean, stdev
from typing import Any

from bench.leaderboard.format import NONE, decimal_places

FIRST = ("dataset", "method", "seed", "metric", "error")  # columns of a CSV before the measures


@dataclass(frozen=True)
class Cell:
    """What analyses say of one record.

    Args:
        metric, error: the dataset's first metric, and its value over the test split.
        values: by measure; None where it has none.
    """

    dataset: str
    method: str
    seed: int
    metric: str
    error: float | None
    values: Mapping[str, float | None]


@dataclass
class Findings:
    """What analyses say of the records of a folder.

    Args:
        measures: by name, what each is.
        left_out: a line for each kind of record that is not counted.
    """

    measures: dict[str, str]
    cells: list[Cell] = field(default_factory=list[Cell])
    left_out: list[str] = field(default_factory=list[str])

    @property
    def datasets(self) -> list[str]:
        """Those of the cells, in order."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    def rows(self) -> dict[tuple[str, str], list[Cell]]:
        """The cells of each dataset and method."""
        found: dict[tuple[str, str], list[Cell]] = defaultdict(list)
        for cell in self.cells:
            found[cell.dataset, cell.method].append(cell)
        return dict(found)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data: of each row means, sample deviations and seeds; and every cell."""
        rows = [
            {
                "dataset": dataset,
                "method": method,
                "seeds": [cell.seed for cell in own],
                "metric": own[0].metric,
                "error": summary(cell.error for cell in own),
                "values": {name: summary(cell.values[name] for cell in own) for name in self.measures},
            }
            for (dataset, method), own in self.rows().items()
        ]
        return {"measures": self.measures, "rows": rows, "cells": [asdict(cell) for cell in self.cells]}

    def as_csv(self) -> str:
        """A line a cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*FIRST, *self.measures])
        for cell in self.cells:
            values = [cell.error, *(cell.values[name] for name in self.measures)]
            numbers = ["" if value is None else f"{value:.6g}" for value in values]
            writer.writerow([cell.dataset, cell.method, cell.seed, cell.metric, *numbers])
        return text.getvalue()

    def as_table(self) -> str:
        """A row a method: mean ± deviation over seeds of the test error and of each measure."""
        from tabulate import tabulate

        lines = [
            [row["dataset"], row["method"], len(row["seeds"]), f"{row['metric']} {shown(row['error'])}"]
            + [shown(row["values"][name]) for name in self.measures]
            for row in self.as_json()["rows"]
        ]
        return tabulate(lines, ("dataset", "method", "seeds", "error", *self.measures), "github", disable_numparse=True)


def of_csv(text: str, measures: Mapping[str, str]) -> Findings:
    """The findings that `Findings.as_csv` wrote, of those of these measures that it has."""
    lines = csv.DictReader(io.StringIO(text))
    found = Findings({name: measures[name] for name in measures if name in (lines.fieldnames or ())})
    for line in lines:
        values = {name: _number(line[name]) for name in found.measures}
        given = line["dataset"], line["method"], int(line["seed"]), line["metric"], _number(line["error"])
        found.cells.append(Cell(*given, values))
    return found


def _number(text: str) -> float | None:
    return float(text) if text else None


def summary(values: Iterable[float | None]) -> dict[str, float | None]:
    """Mean and sample deviation of those that there are."""
    there = [value for value in values if value is not None]
    return {"mean": fmean(there) if there else None, "sd": stdev(there) if len(there) > 1 else None}


def shown(one: Mapping[str, float | None]) -> str:
    """Mean ± deviation, with two digits of the deviation.

    >>> shown({"mean": 0.5, "sd": 0.0123}), shown({"mean": 12.345, "sd": None}), shown({"mean": None, "sd": None})
    ('0.500 ± 0.012', '12.3', '–')
    """
    mean, spread = one["mean"], one["sd"]
    if mean is None:
        return NONE
    places = decimal_places(spread, 2) if spread else decimal_places(mean, 3) if mean else 0
    return f"{mean:.{places}f}" + (f" ± {spread:.{places}f}" if spread is not None else "")
