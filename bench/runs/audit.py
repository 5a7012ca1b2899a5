"""`bench data audit`: what rows of a dataset's splits have in common."""

from pathlib import Path

import numpy as np
from torch import Tensor

from bench.dataset import Split
from bench.errors import BenchError
from bench.evidence import leaks
from bench.evidence.leaks import INPUTS, ROW, Known, Leak
from bench.plugins.resolve import NamedDataset
from bench.runs import cells


def audit(on: NamedDataset, root: Path) -> tuple[str | None, list[Leak]]:
    """The fingerprint of a dataset's data and its leaks; None and what its lists alone tell, where the rest is missing.

    Raises:
        BenchError: there are no data, nor lists that would tell.
    """
    try:
        splits = cells.load(on, root)
    except BenchError:
        if (listed := on.dataset.listed(root)) is None:
            raise
        return None, leaks.count(listed)
    return splits.fingerprint(), leaks.count({name: known(getattr(splits, name)) for name in ("train", "val", "test")})


def known(split: Split) -> Known:
    """What can be told of a split's rows: inputs and labels where they are in memory, and what they share."""
    if not isinstance(split.x, Tensor) or len(split.labels.shape) > 2:
        return split.shared
    inputs, labels = (_bytes(values.flatten(1).numpy()) for values in (split.x, split.labels))
    rows = np.array([x + y for x, y in zip(inputs, labels, strict=True)], dtype=object)
    return {ROW: rows, INPUTS: inputs, **split.shared}


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.array([row.tobytes() for row in np.ascontiguousarray(values)], dtype=object)
