"""Relevance of labels: how rare they are in training, from 0 at their median to 1 where a boxplot shows outliers.

Ribeiro and Moniz, Imbalanced regression and extreme value prediction, Machine Learning 2020; control points and
interpolation as in their package nunompmoniz/IRon R/phi.R and src/pchip.c at 2e418c19a9aa.
"""

from functools import lru_cache

import numpy as np

MOST = 2000  # distinct labels that are compared pair by pair
REACH = 1.5  # interquartile ranges from a quartile to its fence, where labels are not skewed
SHORT, LONG = -4.0, 3.0  # exponents of the fences on the side of the short and of the long tail


def relevance(train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Relevance of each label, in [0, 1]; an array of the shape of `labels`.

    A cubic Hermite spline with slope 0 at its control points: 1 at both fences of the adjusted boxplot of the training
    labels and beyond, 0 at their median. Where both quartiles are the median, every other label has relevance 1.

    >>> relevance(np.arange(1, 6), np.array([-10, 0, 3, 9])).round(3).tolist()
    [1.0, 0.844, 0.0, 1.0]
    """
    low, median, high = control_points(train_labels)
    y = np.asarray(labels, dtype=np.float64)
    reach = np.where(y < median, median - low, high - median)
    # no reach at all: whatever is off the median is beyond it
    share = np.where(reach > 0, np.abs(y - median) / np.where(reach > 0, reach, 1), np.sign(np.abs(y - median)))
    share = np.clip(share, 0, 1)
    return share**2 * (3 - 2 * share)


def control_points(labels: np.ndarray) -> tuple[float, float, float]:
    """Lower fence, median and upper fence of the adjusted boxplot (Hubert and Vandervieren, 2008) of labels.

    >>> control_points(np.array([1, 2, 3, 4, 5]))
    (-1.0, 3.0, 7.0)
    """
    return _control_points(np.ravel(labels).astype(np.float64).tobytes())


@lru_cache(maxsize=8)  # the same training labels are asked for with each record that is scored
def _control_points(labels: bytes) -> tuple[float, float, float]:
    x = np.sort(np.frombuffer(labels))
    # Tukey's hinges: medians of both halves, the median itself in either
    half = (len(x) + 1) // 2
    first, median, third = (float(np.median(part)) for part in (x[:half], x, x[-half:]))
    skew, spread = medcouple(x), third - first
    left, right = (SHORT, LONG) if skew >= 0 else (-LONG, -SHORT)
    low = first - REACH * float(np.exp(left * skew)) * spread
    return low, median, third + REACH * float(np.exp(right * skew)) * spread


def medcouple(x: np.ndarray) -> float:
    """Skewness of numbers in [-1, 1], robust to outliers (Brys, Hubert and Struyf, 2004).

    Equal numbers are counted rather than compared one by one, so that memory goes by the distinct ones, of which there
    may be MOST; of more, as many at even ranks stand for all.

    >>> round(medcouple(np.array([1, 2, 7, 9, 10])), 3)
    -0.333
    """
    x = np.sort(np.ravel(x).astype(np.float64))
    if len(np.unique(x)) > MOST:
        x = x[np.linspace(0, len(x) - 1, MOST).round().astype(int)]
    values, counts = np.unique(x - np.median(x), return_counts=True)
    above, below = values > 0, values < 0
    here = int(counts[values == 0].sum())
    up, down = values[above][:, None], values[below]
    pairs = ((up + down) / (up - down)).ravel()
    number = np.outer(counts[above], counts[below]).ravel()
    # pairs with the median itself, and of two numbers that equal it
    ties = np.array([-1.0, 0.0, 1.0])
    half = here * (here - 1) // 2
    tied = [half + here * counts[below].sum(), here, half + here * counts[above].sum()]
    return _median(np.append(pairs, ties), np.append(number, tied))


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(counts[order])
    middle = np.searchsorted(ranks, [(ranks[-1] - 1) // 2, ranks[-1] // 2], side="right")
    return float(values[order][middle].mean())
