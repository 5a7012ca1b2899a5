"""Errors under corruptions: of each record, corruption and severity, as tables, JSON and CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from bench.runs.findings import shown, summary

CLEAN, MEAN = "clean", "mean over corruptions"


@dataclass(frozen=True)
class Cell:
    """The errors of one record.

    Args:
        metric: the dataset's first.
        errors: by corruption, one of each severity; of "clean" one.
    """

    dataset: str
    method: str
    seed: int
    metric: str
    errors: dict[str, list[float]]

    def mean(self, severity: int) -> float | None:
        """Over corruptions, at a severity from 1 on.

        >>> Cell("d", "m", 0, "mae", {"clean": [1.0], "fog": [2.0, 3.0], "snow": [4.0, 5.0]}).mean(2)
        4.0
        """
        found = [values[severity - 1] for name, values in self.errors.items() if name != CLEAN]
        return fmean(found) if found else None


@dataclass
class Robustness:
    """What corruptions do to the models of a folder.

    Args:
        corruptions: their names.
        left_out: a line for each record that is not counted.
    """

    corruptions: list[str]
    cells: list[Cell] = field(default_factory=list[Cell])
    left_out: list[str] = field(default_factory=list[str])

    def rows(self) -> dict[tuple[str, str], list[Cell]]:
        """The cells of each dataset and method."""
        found: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.cells:
            found.setdefault((cell.dataset, cell.method), []).append(cell)
        return found

    def as_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {"corruptions": self.corruptions, "cells": [asdict(cell) for cell in self.cells]}

    def as_csv(self) -> str:
        """A line for each error; clean pictures have severity 0."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("dataset", "method", "seed", "metric", "corruption", "severity", "error"))
        for cell in self.cells:
            for name, values in cell.errors.items():
                for severity, value in enumerate(values, int(name != CLEAN)):
                    what = cell.dataset, cell.method, cell.seed, cell.metric, name, severity
                    writer.writerow([*what, f"{value:.6g}"])
        return text.getvalue()

    def as_table(self) -> str:
        """A table a method: corruptions by severities, with means; mean ± deviation over seeds."""
        from tabulate import tabulate

        parts: list[str] = []
        for (dataset, method), own in self.rows().items():
            severities = range(1, 1 + len(own[0].errors[self.corruptions[0]]))
            heads = (own[0].metric, *(f"severity {severity}" for severity in severities), "mean")
            lines = [[name, *_line([cell.errors[name] for cell in own])] for name in self.corruptions]
            lines.append([MEAN, *_line([[cell.mean(one) or 0.0 for one in severities] for cell in own])])
            clean = shown(summary(cell.errors[CLEAN][0] for cell in own))
            seeds = f"{len(own)} seeds" if len(own) > 1 else f"seed {own[0].seed}"
            table = tabulate(lines, heads, "github", disable_numparse=True)
            parts.append(f"{method} on {dataset}, {seeds}; clean: {clean}\n\n{table}")
        return "\n\n".join(parts)

    def points(self) -> list[Mapping[str, Any]]:
        """What a chart draws: means over seeds, by corruption and severity; clean pictures have severity 0."""
        found: list[Mapping[str, Any]] = []
        for (dataset, method), own in self.rows().items():
            row = {"dataset": dataset, "method": method, "metric": own[0].metric}
            clean = fmean(cell.errors[CLEAN][0] for cell in own)
            for name in self.corruptions:
                curves = zip(*(cell.errors[name] for cell in own), strict=True)
                errors = [clean, *map(fmean, curves)]
                found += [
                    {**row, "corruption": name.replace("_", " "), "severity": severity, "error": error}
                    for severity, error in enumerate(errors)
                ]
        return found


def _line(of_cells: Iterable[list[float]]) -> list[str]:
    # of each severity, and of a cell's mean over them, mean and deviation over cells
    curves = [[*values, fmean(values)] for values in of_cells]
    return [shown(summary(values)) for values in zip(*curves, strict=True)]
