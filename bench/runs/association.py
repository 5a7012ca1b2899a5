"""Does a measure of features go with the test error? Rank correlations, with bootstrap intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from bench.metrics import METRICS
from bench.runs.findings import Cell, Findings

DRAWS = 2000
LEVEL = 0.05  # intervals of 95%
FEWEST = 4  # methods, below which a rank correlation says nothing
ALL = "all"  # datasets together
Over = Literal["methods", "cells", "seeds"]
Table = dict[
    str, np.ndarray
]  # method -> (seeds, 2) of the measure and of the error, which is high where a model is bad


@dataclass(frozen=True)
class Association:
    """Of one measure on one dataset.

    Args:
        dataset: or "all", the mean over datasets.
        rho: Spearman's correlation, positive where a high value goes with error.
        low, high: its 95% interval, over draws of methods and of their seeds.
        methods, cells: how many there are.
    """

    dataset: str
    measure: str
    rho: float
    low: float
    high: float
    methods: int
    cells: int

    @property
    def tells(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.low > 0 or self.high < 0


def associations(found: Findings, over: Over = "methods") -> list[Association]:
    """Of each measure on each dataset, and over all datasets where there are several.

    Methods are drawn alike for all datasets, as one method's values on several datasets are not independent.

    Args:
        over: what the points of a correlation are: means over seeds of methods; all cells; or all cells by their
            difference from the mean of their method, which is left where methods do not count.
    """
    made: list[Association] = []
    for measure in found.measures:
        tables = {name: table for name in found.datasets if len(table := _table(found, name, measure)) >= FEWEST}
        names = list(dict.fromkeys(method for table in tables.values() for method in table))
        drawn = _drawn(tables, names, over)
        rhos = {dataset: _rho(_points(_stacked(table, [*table]), over)) for dataset, table in tables.items()}
        cells = {dataset: sum(map(len, table.values())) for dataset, table in tables.items()}
        for dataset, table in tables.items():
            made.append(_of(dataset, measure, rhos[dataset], drawn[dataset], len(table), cells[dataset]))
        if len(tables) > 1:
            together = np.mean([*rhos.values()]), np.mean([*drawn.values()], axis=0)
            made.append(_of(ALL, measure, *together, len(names), sum(cells.values())))
    return made


def _table(found: Findings, dataset: str, measure: str) -> Table:
    pairs = {method: _pairs(own, measure) for (name, method), own in found.rows().items() if name == dataset}
    return {method: np.array(own) for method, own in pairs.items() if own}


def _pairs(cells: Sequence[Cell], measure: str) -> list[tuple[float, float]]:
    return [
        (value, -cell.error if METRICS[cell.metric].higher_is_better else cell.error)
        for cell in cells
        if (value := cell.values[measure]) is not None and cell.error is not None
    ]


def _stacked(table: Table, names: Sequence[str]) -> np.ndarray:
    # (M, S, 2), nan where a method has no such seed
    seeds = max(map(len, table.values()))
    made = np.full((len(names), seeds, 2), np.nan)
    for number, name in enumerate(names):
        own = table.get(name, made[0, :0])
        made[number, : len(own)] = own
    return made


def _drawn(tables: Mapping[str, Table], names: Sequence[str], over: Over) -> dict[str, np.ndarray]:
    # of each dataset the correlations of all draws
    if not tables:
        return {}
    rng = np.random.default_rng(0)
    seeds = max(len(own) for table in tables.values() for own in table.values())
    methods = rng.integers(len(names), size=(DRAWS, len(names), 1))
    shares = rng.random((DRAWS, len(names), seeds))
    found: dict[str, np.ndarray] = {}
    for dataset, table in tables.items():
        counts = np.array([len(table.get(name, ())) for name in names])
        picked = (shares * counts[methods]).astype(int)
        found[dataset] = _rho(_points(_stacked(table, names)[methods, picked], over))
    return found


def _points(values: np.ndarray, over: Over) -> np.ndarray:
    # (..., M, S, 2) -> (..., P, 2)
    if over != "cells":
        there = np.isfinite(values)
        number = there.sum(-2, keepdims=True)
        mean = np.where(there, values, 0).sum(-2, keepdims=True) / np.where(number, number, np.nan)
        values = mean if over == "methods" else values - mean
    return values.reshape(*values.shape[:-3], -1, 2)


def _rho(points: np.ndarray) -> np.ndarray:
    # Spearman's of points (..., P, 2), those left out that are nan; nan where one side is constant
    there = np.isfinite(points).all(-1, keepdims=True)
    ranks = stats.rankdata(np.where(there, points, np.inf), axis=-2)  # what is left out ranks last
    number = there.sum(-2, keepdims=True)
    apart = np.where(there, ranks - np.where(there, ranks, 0).sum(-2, keepdims=True) / np.maximum(number, 1), 0)
    squares = (apart**2).sum(-2).prod(-1)
    return np.where(squares > 0, apart.prod(-1).sum(-1) / np.sqrt(np.where(squares > 0, squares, 1)), np.nan)


def _of(dataset: str, measure: str, rho: Any, drawn: np.ndarray, methods: int, cells: int) -> Association:
    there = drawn[np.isfinite(drawn)]
    low, high = np.quantile(there, (LEVEL / 2, 1 - LEVEL / 2)) if len(there) else (np.nan, np.nan)
    return Association(dataset, measure, float(rho), float(low), float(high), methods, cells)


def as_table(found: Sequence[Association]) -> str:
    """A row a measure: the correlation on each dataset with its interval, in bold where that is on one side of 0."""
    from tabulate import tabulate

    datasets = list(dict.fromkeys(one.dataset for one in found))
    by_place = {(one.measure, one.dataset): one for one in found}
    lines = [
        [measure, *(shown(by_place.get((measure, dataset))) for dataset in datasets)]
        for measure in dict.fromkeys(one.measure for one in found)
    ]
    return tabulate(lines, ("measure", *datasets), "github", disable_numparse=True)


def shown(one: Association | None) -> str:
    """The correlation and its interval.

    >>> shown(Association("circle", "spread", 0.9, 0.5, 1.0, 8, 24))
    '**+0.90** [+0.50, +1.00]'
    """
    if one is None or not np.isfinite(one.rho):
        return "–"
    rho = f"**{one.rho:+.2f}**" if one.tells else f"{one.rho:+.2f}"
    return f"{rho} [{one.low:+.2f}, {one.high:+.2f}]"
