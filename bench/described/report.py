"""What somebody's own data hold: rows, missing values, duplicates, groups across splits, labels and their regions."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from tabulate import tabulate

from bench.described import numbers
from bench.described.description import Table
from bench.described.rows import DescribedRows
from bench.described.sources import words
from bench.printable import escaped
from bench.shots import ORDER

MOST_LINES = 20  # of a histogram
WIDTH = 40  # letters of its longest bar
SPLITS = ("train", "val", "test")


def report(dataset: DescribedRows) -> str:
    """A page on the rows, their splits and their labels."""
    table, labels = dataset.rows()
    parts = dataset.parts(table, labels)
    about = dataset.rows_about
    used = dataset.used
    blocks = [
        f"dataset {dataset.described.name}: {', '.join(about.target)} of {dataset.described.path}",
        "\n".join(_facts(table, used, parts, about.split.column)),
        tabulate(_columns(table, dataset), ("column", "kind", "missing", "values")),
        _histogram(dataset, labels[:, 0], parts) if dataset.bins else _summary(about.target, labels),
    ]
    return escaped("\n\n".join(blocks))


def _facts(table: pd.DataFrame, used: Sequence[str], parts: Sequence[np.ndarray], column: str) -> Iterator[str]:
    sizes = ", ".join(f"{len(rows):,} {name}" for name, rows in zip(SPLITS, parts, strict=True))
    unused = len(table) - sum(map(len, parts))
    yield f"{len(table):,} rows with a target: {sizes}{f', {unused:,} in no split' if unused else ''}"
    keys = pd.util.hash_pandas_object(table[used].astype(str), index=False).to_numpy()
    yield f"{len(keys) - len(np.unique(keys)):,} rows repeat the inputs of another one{_across(keys, parts)}"
    if column:
        groups = table[column].map(lambda cell: "" if pd.isna(cell) else str(cell)).to_numpy()
        yield f"{len(np.unique(groups)):,} different {column}{_across(groups, parts)}"


def _across(keys: np.ndarray, parts: Sequence[np.ndarray]) -> str:
    shared = [
        f"{len(found):,} in both {SPLITS[a]} and {SPLITS[b]}"
        for a, b in combinations(range(3), 2)
        if len(found := np.intersect1d(keys[parts[a]], keys[parts[b]]))
    ]
    return f"; {', '.join(shared)}" if shared else "; none in two splits"


def _columns(table: pd.DataFrame, dataset: DescribedRows) -> Iterator[tuple[str, ...]]:
    about = dataset.rows_about
    named = about.columns if isinstance(about, Table) else dict.fromkeys(dataset.used, about.kind.removesuffix("s"))
    for name, kind in named.items():
        if name in table:
            missing = float(table[name].isna().mean())
            length = (
                f"; {table[name].map(lambda cell: len(words(str(cell)))).mean():.0f} words" if kind == "text" else ""
            )
            yield name, kind, f"{missing:.1%}" if missing else "", f"{_different(table[name]):,} different{length}"


def _different(column: pd.Series) -> int:
    return (column.dropna().map(repr) if numbers.holds_no_values(column) else column).nunique()


def _summary(names: Sequence[str], labels: np.ndarray) -> str:
    rows = [(name, *np.quantile(column, (0, 0.25, 0.5, 0.75, 1))) for name, column in zip(names, labels.T, strict=True)]
    return tabulate(rows, ("target", "lowest", "25%", "median", "75%", "highest"), floatfmt=".6g")


def _histogram(dataset: DescribedRows, labels: np.ndarray, parts: Sequence[np.ndarray]) -> str:
    assert dataset.bins is not None
    bins = dataset.bins
    index = bins.index(torch.from_numpy(labels)).numpy()
    train, _, test = parts
    region = dataset.regions(labels[train], labels)
    assert region is not None
    counts, tests = (np.bincount(index[rows], minlength=bins.number) for rows in (train, test))
    step = -(-bins.number // MOST_LINES)
    lines = []
    for first in range(0, bins.number, step):
        some = slice(first, first + step)
        here = np.isin(index, range(first, min(first + step, bins.number)))
        named = [name for name in ORDER if (region[here] == name).any()]
        lines.append((f"{bins.start + first * bins.width:g}", counts[some].sum(), tests[some].sum(), "/".join(named)))
    longest = max(1, *(int(line[1]) for line in lines))
    bars = [(*line, "#" * -(-int(line[1]) * WIDTH // longest)) for line in lines]
    sums = ", ".join(f"{name} {int((region[test] == name).sum()):,}" for name in ORDER)
    heads = (f"{dataset.rows_about.target[0]} from", "train", "test", "region", "")
    return f"{tabulate(bars, heads, disable_numparse=True, colalign=('right',) * 3)}\n\ntest rows by region: {sums}"
