"""What the tables of a board are made of: a sheet on the dataset, statistics over seeds, tables of text."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.errors import unknown
from bench.metrics import METRICS

NONE = "–"
WIDE = 8  # columns of numbers that one table may have
Key = tuple[str, str]  # metric, region


@dataclass(frozen=True)
class Sheet:
    """What a board must know of a dataset beside its records.

    Args:
        dataset: canonical name, which is also its results folder.
        title: heading of its page.
        what: one line on data and protocol.
        unit: of the labels.
        metrics: names in bench.metrics.METRICS; the first one ranks the rows.
        regions: regions that the records have; the first one ranks the rows.
        synthetic: made-up samples, kept apart from real data.
        methods: the rows that the board is to have.
        refused: method -> why it is not defined here.
        reported: the papers' name of the dataset; None where no row is comparable.
        reported_note: what to know before comparing with the papers.
        certificates: method -> reference, golden cases passed, largest deviation, where it differs.
        findings: method -> why its numbers are not those of the papers.
    """

    dataset: str
    title: str
    what: str
    unit: str
    metrics: tuple[str, ...]
    regions: tuple[str, ...] = ("all",)
    synthetic: bool = False
    methods: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    reported: str | None = None
    reported_note: str = ""
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.metrics:
            if name not in METRICS:
                raise unknown("metric", name, METRICS)

    @property
    def keys(self) -> list[Key]:
        """Every metric in every region."""
        return [(metric, region) for metric in self.metrics for region in self.regions]

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """The metrics of each table: all in one, or one in each where there are many columns."""
        return [self.metrics] if len(self.keys) <= WIDE else [(metric,) for metric in self.metrics]

    def header(self, metric: str, region: str) -> str:
        """Column heading: metric, region, direction and unit."""
        unit = METRICS[metric].unit.replace("unit", self.unit) if self.unit else ""
        arrow = "↑" if METRICS[metric].higher_is_better else "↓"
        return f"{METRICS[metric].label} {region} {arrow}" + (f" [{unit}]" if unit else "")


@dataclass(frozen=True)
class Table:
    """A table of text; `bold` holds (row, column) of the best cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    bold: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Stat:
    """Mean and sample deviation (ddof=1) over n seeds; mean is None without a value, sd below two."""

    n: int
    mean: float | None
    sd: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> "Stat":
        """Of the values that are not null."""
        x = [value for value in values if not math.isnan(value)]
        return cls(len(x), statistics.fmean(x) if x else None, statistics.stdev(x) if len(x) > 1 else None)

    @property
    def spread(self) -> float:
        """The deviation, 0 where there is none or it is rounding noise."""
        return self.sd if self.sd and self.sd > 1e-6 * abs(self.mean or 0.0) else 0.0

    def text(self, decimals: int, seeds: int | None = None) -> str:
        """`7.80 ± 0.12`; says n where fewer than all seeds of the row gave a value."""
        if self.mean is None:
            return NONE
        if self.spread and round(self.spread, decimals) == 0:  # one digit of the deviation always shows
            decimals = places(self.spread, 1)
        sd = "" if self.sd is None else f" ± {self.sd:.{decimals}f}"
        return f"{self.mean:z.{decimals}f}{sd}" + (f" (n={self.n})" if self.n < (seeds or 0) else "")


def places(value: float, digits: int) -> int:
    """Decimal places that show so many significant digits of a value, 0 to 9."""
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 9)
