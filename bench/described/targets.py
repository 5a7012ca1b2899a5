"""Bins and regions of a target, chosen from its values, whatever their scale."""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from bench.dataset import Bins
from bench.shots import tertiles

MOST = 60  # bins
FEWEST = 5
ROWS_A_BIN = 20  # on average, at least, so that a bin's count means something
BEYOND = 0.005  # of the rows at either end that may lie outside the bins, and count to the outer ones
THIN = 10  # test rows of a region, under which its error is chance
ENOUGH = 20  # test rows of a region, and at most a tenth of them all
WHOLE = 100  # whole numbers up to which each gets a bin of its own


@dataclass(frozen=True)
class Chosen:
    """Bins, and why they are as they are."""

    bins: Bins
    reason: str


def choose(labels: np.ndarray) -> Chosen:
    """Bins for labels (N,): one a whole number where these are few, else of a round width over nearly all labels.

    >>> choose(np.array([0.0, 1.0, 1.0, 3.0])).bins
    Bins(start=0.0, width=1.0, number=4, first=0, counts=None, weighed=None)
    >>> choose(np.linspace(0, 1, 1000)).bins.number
    50
    """
    low, high = float(labels.min()), float(labels.max())
    if (labels == np.floor(labels)).all() and high - low < WHOLE:
        return Chosen(Bins(low, 1.0, int(high - low) + 1), "one bin a whole number")
    inner_low, inner_high = (float(edge) for edge in np.quantile(labels, (BEYOND, 1 - BEYOND)))
    if inner_high <= inner_low:
        inner_low, inner_high = low, high
    number = min(MOST, max(FEWEST, len(labels) // ROWS_A_BIN))
    width = _round((inner_high - inner_low) / number)
    start = _floor(inner_low, width)
    bins = Bins(start, width, max(1, math.ceil((inner_high - start) / width)))
    outside = int(((labels < bins.start) | (labels > bins.start + bins.number * bins.width)).sum())
    beyond = f"; {outside:,} labels beyond count to the outer bins" if outside else ""
    return Chosen(bins, f"equal widths over {1 - 2 * BEYOND:.0%} of the labels{beyond}")


def thresholds(train_bins: np.ndarray, test_bins: np.ndarray) -> tuple[int, int]:
    """Training rows (many, few) that part the bins in thirds, or in the rare and the others where bins are few.

    They are moved up where so few test rows would be few-shot, or medium-shot, that their error says nothing: of a
    heavy tail most bins have a row or two, and so do all thirds of them.

    >>> bins = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4])
    >>> thresholds(bins, bins)  # bins of one row are few-shot, however many they are
    (3, 2)
    """
    many, few = tertiles(train_bins)
    few = max(few, 2)
    values, counts = np.unique(train_bins, return_counts=True)
    of_test = dict(zip(values.tolist(), counts.tolist(), strict=True))
    seen = sorted(of_test[one] for one in test_bins.tolist() if one in of_test)
    enough = min(ENOUGH, len(seen) // 10)
    few = max(few, _raised(seen, enough))
    return max(many, few - 1, _raised([count for count in seen if count >= few], enough) - 1), few


def _raised(counts: list[int], enough: int) -> int:
    """The lowest threshold below which are that many of some sorted counts; 0 where more would be than stay above."""
    if not 0 < enough <= len(counts):
        return 0
    found = counts[enough - 1] + 1
    return found if 2 * bisect_left(counts, found) <= len(counts) else 0


def _round(width: float) -> float:
    # up to 1, 2 or 5 times a power of ten
    power = 10.0 ** math.floor(math.log10(width))
    found = next(step * power for step in (1, 2, 5, 10) if step * power >= width * (1 - 1e-9))
    return float(f"{found:.12g}")


def _floor(value: float, width: float) -> float:
    return float(f"{math.floor(value / width + 1e-9) * width:.12g}")
