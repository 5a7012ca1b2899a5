"""Numbers and seeds as the tables of a board print them."""

import math
import statistics
from collections.abc import Iterable, Sequence

NONE = "–"


def decimal_places(value: float, digits: int) -> int:
    """Decimal places that show so many significant digits of a value that is not 0; from 0 to 9."""
    return min(max(digits - 1 - math.floor(math.log10(abs(value))), 0), 9)


def column_places(means: Iterable[float | None], deviations: Iterable[float]) -> int:
    """Decimal places of a column: two digits of its median deviation, or else three of its median mean."""
    spread = [deviation for deviation in deviations if deviation]
    sizes = [abs(mean) for mean in means if mean]
    if spread:
        return decimal_places(statistics.median(spread), 2)
    return decimal_places(statistics.median(sizes), 3) if sizes else 2


def short(value: float, unit: str = "") -> str:
    """Three significant digits, and every digit before the point; a dash for nan.

    >>> short(1234.5), short(0.01234, "×")
    ('1,234', '0.012×')
    """
    if math.isnan(value):
        return NONE
    places = min(decimal_places(value, 3), 3) if value else 0
    return f"{value:,.{places}f}{unit}"


def ranges(seeds: Sequence[int]) -> str:
    """Sorted seeds as ranges; a dash for none.

    >>> ranges([0, 1, 2, 3, 7])
    '0–3, 7'
    """
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or NONE
