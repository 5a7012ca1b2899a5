"""Means and sample deviations over seeds.

They come from the standard library's `statistics`, which is exact: neither the order of the records nor the platform
changes a digit.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from bench.leaderboard import format as formats
from bench.leaderboard.spec import BoardSpec, Key
from bench.metrics import METRICS
from bench.results.record import Record


@dataclass(frozen=True)
class SeedStatistic:
    """Mean and sample deviation (ddof=1) over n seeds; mean is None without a value, sd below two."""

    n: int
    mean: float | None
    sd: float | None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self:
        """Of the values that are neither null nor nan."""
        x = [float(value) for value in values if value is not None and not math.isnan(value)]
        return cls(len(x), statistics.fmean(x) if x else None, statistics.stdev(x) if len(x) > 1 else None)

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
        return f"{self.mean:z.{decimals}f}{sd}" + (f" (n={self.n})" if self.n < (seeds or 0) else "")


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
