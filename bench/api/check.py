"""The contract of plug-ins, for a name or for a class in a notebook."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from bench.data import files
from bench.plugins import given
from bench.testing import contract


def check_method(method: given.Method) -> pd.DataFrame:
    """Every check of a method on small data: one row a check, whether it holds, and what is wrong or doubtful.

    Args:
        method: a name, a subclass of bench.Method, or an object of one that has not been trained.

    Raises:
        BenchError: no method has that name, or it is defined nowhere.

    >>> report = check_method("baseline")
    >>> bool(report["ok"].all())
    True
    """
    return _report(contract.check_method(method))


def check_dataset(dataset: given.Dataset, data: str | Path | None = None) -> pd.DataFrame:
    """Every check of a dataset: one row a check, whether it holds, and what is wrong or doubtful.

    Args:
        dataset: a name, a subclass of bench.Dataset that takes no arguments, or an object of one.
        data: the data root; by default $BENCH_DATA or the user's data folder.

    Raises:
        BenchError: no dataset has that name, or its data is missing.

    >>> report = check_dataset("circle")
    >>> report.loc[~report["ok"], "check"].tolist()
    []
    """
    return _report(contract.check_dataset(dataset, files.root(None if data is None else Path(data))))


def _report(findings: Iterable[contract.Finding]) -> pd.DataFrame:
    rows = [{"check": one.title, "ok": one.state != "FAILED", "problem": one.problem} for one in findings]
    return pd.DataFrame(rows, columns=["check", "ok", "problem"])
