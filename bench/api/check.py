"""The contract of plug-ins, for a name or for a class in a notebook."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from bench.data import files
from bench.plugins import given
from bench.testing import contract


def check_method(method: given.Method) -> pd.DataFrame:
    """Every check of a method on small data: one row a check, whether it holds, and the problem if it does not.

    Args:
        method: a name, a subclass of bench.Method, or an object of one that has not been trained.

    Raises:
        BenchError: no method has that name, or it is defined nowhere.

    >>> report = check_method("baseline")
    >>> bool(report["ok"].all())
    True
    """
    return _report(contract.of_method(method))


def check_dataset(dataset: given.Dataset, data: str | Path | None = None) -> pd.DataFrame:
    """Every check of a dataset: one row a check, whether it holds, and the problem if it does not.

    Args:
        dataset: a name, a subclass of bench.Dataset that takes no arguments, or an object of one.
        data: the data root; by default $BENCH_DATA or the user's data folder.

    Raises:
        BenchError: no dataset has that name, or its data is missing.

    >>> report = check_dataset("circle")
    >>> report.loc[~report["ok"], "check"].tolist()
    []
    """
    return _report(contract.of_dataset(dataset, files.root(None if data is None else Path(data))))


def _report(checks: Iterable[tuple[str, str | None]]) -> pd.DataFrame:
    rows = [{"check": title, "ok": problem is None, "problem": problem or ""} for title, problem in checks]
    return pd.DataFrame(rows, columns=["check", "ok", "problem"])
