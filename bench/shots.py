"""Shot regions: many, medium and few by how often training saw a label, as Yang et al. (ICML 2021) count."""

from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.metrics import to_array

ORDER = ("many", "medium", "few", "zero")
_NAMES = np.array(ORDER)


def regions(train_labels: Any, labels: Any, many: int = 100, few: int = 20, zero: bool = False) -> np.ndarray:
    """Region of each label, an array of the shape of `labels`.

    Args:
        train_labels, labels: any shape; they match only if exactly equal, so give both in one precision.
        many: more training samples than this of the very label make it many-shot.
        few: fewer than this make it few-shot; the rest is medium-shot.
        zero: name labels without a training sample zero, where the papers count them as few.

    >>> regions([1, 1, 1, 2, 2, 3], [1, 2, 3, 4], many=2, few=2).tolist()
    ['many', 'medium', 'few', 'few']
    """
    values, counts = np.unique(to_array(train_labels), return_counts=True)
    wanted = to_array(labels)
    # one more entry, which equals nothing, catches labels above all others
    values, counts = np.append(values, np.nan), np.append(counts, 0)
    place = np.searchsorted(values, wanted)
    count = np.where(values[place] == wanted, counts[place], 0)
    index = np.where(count > many, 0, np.where(count < few, 2, 1))
    return _NAMES[np.where(zero & (count == 0), 3, index)]


def tertiles(train_labels: Any) -> tuple[int, int]:
    """Thresholds (many, few) that make thirds of the K distinct labels; of fewer than three, all are medium.

    Follows the deleted Airfoil code of yilei-wu/imbalanced-regression: of the counts in descending order,
    those at the places K // 3 and, from the end, K // 3.

    >>> tertiles([1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6])
    (2, 1)
    """
    counts = np.sort(np.unique(to_array(train_labels), return_counts=True)[1])[::-1]
    if not counts.size:
        raise BenchError("no training labels to take thirds of; give at least one")
    third = len(counts) // 3
    return int(counts[third]), int(counts[-max(third, 1)])
