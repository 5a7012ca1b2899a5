"""Rows that train, validate and test, by the way that a description asks for; never by a training seed."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import numpy as np
import pandas as pd

from bench.bases.holdout import grouped
from bench.bases.tabular import split_rows
from bench.described.description import SplitPart
from bench.described.kinds import dates
from bench.errors import BenchError
from bench.paths import shown

FOLDS = 5  # of which one validates and one tests
HELD = 0.15  # of all rows that a balanced split holds out twice, at least
SMALLEST = 3  # rows of a group of labels of which one validates and one tests
WORDS = {
    "train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2,
}  # fmt: skip

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def split(labels: np.ndarray, bins: np.ndarray, column: pd.Series | None, part: SplitPart, name: str) -> Parts:
    """Rows of each split, in ascending order.

    Args:
        labels: (N,) numbers, of several targets the first one.
        bins: (N,) label bins.
        column: what the description names as split.column.
        name: of the dataset, for messages.
    """
    match part.way:
        case "balanced":
            found = _balanced(bins, part.cap, part.seed)
        case "natural":
            found = natural(labels, part.seed)
        case "groups":
            found = _groups(labels, column, name)
        case "time":
            found = _time(column, name)
        case _:
            found = _column(labels, column, part.seed, name)
    lacking = [word for word, rows in zip(("train", "validate", "test"), found, strict=True) if not len(rows)]
    if lacking:
        raise BenchError(f"{name}: no rows {lacking[0]} by split.way {part.way}; take another way, or add rows")
    return found


def natural(labels: np.ndarray, seed: int) -> Parts:
    """Of each five rows with neighbouring labels one validates and one tests, so that all splits look alike."""
    rng = np.random.default_rng(seed)
    order = np.argsort(labels, kind="stable")
    places = np.concatenate([rng.permutation(FOLDS) for _ in range(-(-len(order) // FOLDS))])[: len(order)]
    return tuple(np.sort(order[np.isin(places, some)]) for some in ((2, 3, 4), (0,), (1,)))  # type: ignore[return-value]


def merged(bins: np.ndarray) -> np.ndarray:
    """Neighbouring bins of fewer than three rows as one group each, so that rare labels are tested too.

    >>> merged(np.array([0, 0, 0, 4, 7, 9, 9, 9])).tolist()
    [0, 0, 0, 4, 4, 4, 4, 4]
    """
    groups, size, current = {}, 0, None
    values, counts = np.unique(bins, return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        if size >= SMALLEST or current is None:
            last, current, size = current, value, 0
        groups[value], size = current, size + count
    if size < SMALLEST and current is not None and last is not None:
        groups = {value: last if group == current else group for value, group in groups.items()}
    return np.array([groups[value] for value in bins.tolist()])


def cap(bins: np.ndarray) -> int:
    """Most rows of a group of labels that validate, and that test: the smallest that tests enough of all rows."""
    counts = np.unique(merged(bins), return_counts=True)[1] // SMALLEST
    wanted = min(HELD * len(bins), counts.sum())
    return next(most for most in range(1, int(counts.max()) + 2) if np.minimum(counts, most).sum() >= wanted)


def _balanced(bins: np.ndarray, most: int, seed: int) -> Parts:
    del seed  # split_rows has AgeDB-DIR's own
    return split_rows(merged(bins), most)


def _groups(labels: np.ndarray, column: pd.Series | None, name: str) -> Parts:
    assert column is not None
    groups = column.map(lambda cell: "" if pd.isna(cell) else str(cell)).to_numpy()
    if (there := len(np.unique(groups))) < FOLDS:
        raise BenchError(f"{name}: {shown(str(column.name))} has {there} groups, and a split by groups needs {FOLDS}")
    return grouped(labels, groups, FOLDS)


def _time(column: pd.Series | None, name: str) -> Parts:
    # the last fifth tests, the fifth before validates, as a model that is used tomorrow meets rows
    assert column is not None
    moments = column if pd.api.types.is_numeric_dtype(column) else dates(column)
    if moments.isna().any():
        raise BenchError(f"{name}: {shown(str(column.name))} has no time in {moments.isna().sum():,} rows; fill them")
    order = np.argsort(moments.to_numpy(), kind="stable")
    held = len(order) // FOLDS
    return np.sort(order[: len(order) - 2 * held]), np.sort(order[-2 * held : -held]), np.sort(order[-held:])


def _column(labels: np.ndarray, column: pd.Series | None, seed: int, name: str) -> Parts:
    assert column is not None
    words = column.map(lambda cell: str(cell).strip().lower())
    if wrong := sorted(set(words) - WORDS.keys()):
        raise BenchError(
            f"{name}: {shown(str(column.name))} has {shown(wrong[0])}; write train, val or test in each row"
        )
    places = words.map(WORDS).to_numpy()
    train, val, test = (np.flatnonzero(places == one) for one in range(3))
    if not len(val) and len(train) >= FOLDS:
        kept, held, more = natural(labels[train], seed)
        train, val = np.sort(np.concatenate([train[kept], train[more]])), train[held]
    return train, val, test
