"""Means and sample deviations over seeds.

They come from the standard library's `statistics`, which is exact: neither the order of the records nor the platform
changes a digit.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from bench.leaderboard import format as formats
from bench.leaderboard.spec import BoardSpec, Key
from bench.metrics import METRICS
from bench.results.record import Record

FENCE = 3.0  # interquartile ranges
MOVED = 0.25  # deviations between mean and median
FEWEST_SEEDS = 5  # that can have one beyond the fences of the others


@dataclass(frozen=True)
class SeedStatistic:
    """Mean and sample deviation (ddof=1) over n seeds; mean is None without a value, sd below two.

    `skewed`: a seed lies beyond Tukey's outer fences, three interquartile ranges from the quartiles, and moves the mean
    by a quarter of the deviation away from the median, which then says more.
    """

    n: int
    mean: float | None
    sd: float | None
    median: float | None = field(default=None, compare=False)
    skewed: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self:
        """Of the values that are neither null nor nan."""
        x = [float(value) for value in values if value is not None and not math.isnan(value)]
        if len(x) < 2:
            return cls(len(x), x[0] if x else None, None, x[0] if x else None)
        made = cls(len(x), statistics.fmean(x), statistics.stdev(x), statistics.median(x))
        moved = abs(statistics.fmean(x) - statistics.median(x)) > MOVED * made.spread
        return replace(made, skewed=bool(made.spread) and moved and _beyond_fences(x))

    @property
    def spread(self) -> float:
        """The deviation, 0 where there is none or it is rounding noise."""
        return self.sd if self.sd and self.sd > 1e-6 * abs(self.mean or 0.0) else 0.0

    def text(self, decimals: int, seeds: int | None = None) -> str:
        """`7.80 ± 0.12`; says n where fewer than all seeds of the row gave a value."""
        if self.mean is None:
            return formats.NONE
        if self.spread and round(self.spread, decimals) == 0:  # one digit of the deviation always shows
            decimals = formats.decimal_places(self.spread, 1)
        sd = "" if self.sd is None else f" ± {self.sd:.{decimals}f}"
        notes = [f"n={self.n}"] if self.n < (seeds or 0) else []
        notes += [f"median {self.median:z.{decimals}f}"] if self.skewed else []
        return f"{self.mean:z.{decimals}f}{sd}" + (f" ({', '.join(notes)})" if notes else "")


Statistics = Mapping[str, Mapping[Key, SeedStatistic]]  # by row of the board


def row_statistics(spec: BoardSpec, finished: Mapping[str, Sequence[Record]]) -> Statistics:
    """Statistics over the finished records of each row, best row first; names decide among equals."""
    found = {
        row: {key: SeedStatistic.of(_values(records, key)) for key in spec.keys} for row, records in finished.items()
    }
    metric, region = spec.keys[0]
    order = sorted(found, key=lambda row: (METRICS[metric].sort_key(found[row][metric, region].mean), row))
    return {row: found[row] for row in order}


def column_places(column: Sequence[SeedStatistic]) -> int:
    """Decimal places of a column of statistics."""
    return formats.column_places((one.mean for one in column), (one.spread for one in column))


def _values(records: Sequence[Record], key: Key) -> Iterable[float | None]:
    metric, region = key
    return (record.metrics.get("test", {}).get(region, {}).get(metric) for record in records)


def _beyond_fences(x: Sequence[float]) -> bool:
    if len(x) < FEWEST_SEEDS:
        return False
    low, _, high = statistics.quantiles(x, n=4, method="inclusive")
    reach = FENCE * (high - low)
    return min(x) < low - reach or max(x) > high + reach
