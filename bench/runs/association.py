"""Does a measure of features go with the test error? Rank correlation over methods, with a bootstrap interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.metrics import METRICS
from bench.runs.findings import Cell, Findings

DRAWS = 2000
LEVEL = 0.05  # intervals of 95%
FEWEST = 4  # methods, below which a rank correlation says nothing
ALL = "all"  # datasets together


@dataclass(frozen=True)
class Association:
    """Of one measure on one dataset.

    Args:
        dataset: or "all", the mean over datasets.
        rho: Spearman's correlation over methods of the means over seeds; positive where a high value goes with error.
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


def associations(found: Findings) -> list[Association]:
    """Of each measure on each dataset, and over all datasets where there are several.

    Methods are drawn alike for all datasets, as one method's values on several datasets are not independent.
    """
    made: list[Association] = []
    for measure in found.measures:
        tables = {name: table for name in found.datasets if len(table := _table(found, name, measure)) >= FEWEST}
        drawn = _drawn(tables)
        for dataset, table in tables.items():
            cells = sum(map(len, table.values()))
            made.append(_of(dataset, measure, _rho(list(table.values())), drawn[dataset], len(table), cells))
        if len(tables) > 1:
            own = np.mean([_rho(list(table.values())) for table in tables.values()])
            cells = sum(len(pairs) for table in tables.values() for pairs in table.values())
            together = np.mean([*drawn.values()], axis=0)
            made.append(_of(ALL, measure, float(own), together, len({*_names(tables)}), cells))
    return made


def _table(found: Findings, dataset: str, measure: str) -> dict[str, np.ndarray]:
    # method -> (seeds, 2) of the measure and of the error, which is high where a model is bad
    pairs = {method: _pairs(own, measure) for (name, method), own in found.rows().items() if name == dataset}
    return {method: np.array(own) for method, own in pairs.items() if own}


def _pairs(cells: Sequence[Cell], measure: str) -> list[tuple[float, float]]:
    return [
        (value, -cell.error if METRICS[cell.metric].higher_is_better else cell.error)
        for cell in cells
        if (value := cell.values[measure]) is not None and cell.error is not None
    ]


def _names(tables: Mapping[str, Mapping[str, np.ndarray]]) -> list[str]:
    return list(dict.fromkeys(method for table in tables.values() for method in table))


def _drawn(tables: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    # of each dataset the correlations of all draws
    rng, names = np.random.default_rng(0), _names(tables)
    found: dict[str, list[float]] = {dataset: [] for dataset in tables}
    for _ in range(DRAWS if names else 0):
        chosen = [names[number] for number in rng.integers(len(names), size=len(names))]
        for dataset, table in tables.items():
            own = [table[name] for name in chosen if name in table]
            found[dataset].append(_rho([pairs[rng.integers(len(pairs), size=len(pairs))] for pairs in own]))
    return {dataset: np.array(values) for dataset, values in found.items()}


def _rho(tables: Sequence[np.ndarray]) -> float:
    # nan of less than two different methods
    means = np.array([pairs.mean(0) for pairs in tables]).reshape(-1, 2)
    if len(means) < 2 or not np.ptp(means, axis=0).all():
        return np.nan
    ranks = stats.rankdata(means, axis=0)
    return float(np.corrcoef(ranks.T)[0, 1])


def _of(dataset: str, measure: str, rho: float, drawn: np.ndarray, methods: int, cells: int) -> Association:
    there = drawn[np.isfinite(drawn)]
    low, high = np.quantile(there, (LEVEL / 2, 1 - LEVEL / 2)) if len(there) else (np.nan, np.nan)
    return Association(dataset, measure, rho, float(low), float(high), methods, cells)


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
