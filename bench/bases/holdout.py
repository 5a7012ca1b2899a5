"""Rows held out beside the published ways: a validation split drawn like training, and splits that share no group."""

from typing import Literal

import numpy as np

Selection = Literal["balanced", "natural"]
STRATA = 10  # of the labels, equally many rows in each
NOTES: dict[Selection, str] = {
    "balanced": "Validation is balanced over labels like the test split, which favours re-weighting.",
    "natural": "Validation is drawn like training.",
}


def natural(pool: np.ndarray, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the rows in a pool, those that train and `number` that validate, at random; each in ascending order."""
    drawn = np.random.default_rng(seed).permutation(pool)
    return np.sort(drawn[number:]), np.sort(drawn[:number])


def grouped(labels: np.ndarray, groups: np.ndarray, folds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that train, validate and test, such that no two of the splits share a group.

    scikit-learn's StratifiedGroupKFold without shuffling: of so many folds with like labels one validates, one tests.

    Args:
        labels: (N,) numbers.
        groups: (N,) of any kind.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    edges = np.quantile(labels, np.arange(1, STRATA) / STRATA)
    strata = np.searchsorted(edges, labels, side="right")
    _, numbers = np.unique(groups, return_inverse=True)
    found = StratifiedGroupKFold(folds).split(labels, strata, numbers)
    held = [rows for _, rows in found][:2]
    train = np.setdiff1d(np.arange(len(labels)), np.concatenate(held))
    return train, held[0], held[1]


def capped(rows: np.ndarray, bins: np.ndarray, cap: int, seed: int) -> np.ndarray:
    """At most `cap` of the rows of each bin, drawn at random, in ascending order.

    >>> capped(np.arange(4), np.array([7, 7, 7, 9]), cap=1, seed=0).tolist()
    [2, 3]
    """
    drawn = np.random.default_rng(seed).permutation(rows)
    kept = [drawn[bins[drawn] == one][:cap] for one in np.unique(bins[rows])]
    return np.sort(np.concatenate(kept)) if kept else rows
