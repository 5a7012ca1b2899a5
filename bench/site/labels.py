"""Error by label, with how often training saw labels like it. Needs the data, and so torch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BenchError
from bench.leaderboard.board import Board
from bench.memory import remembered
from bench.results import store
from bench.results.record import Record

MOST_BINS = 24


@dataclass(frozen=True)
class ByLabel:
    """Mean absolute error of each row in bins of the label.

    Args:
        edges: of the bins, one more than there are bins.
        train, test: samples in each bin.
        errors: row -> mean over seeds of the mean absolute error in each bin; None where no test sample lies.
    """

    edges: list[float]
    train: list[int]
    test: list[int]
    errors: Mapping[str, list[float | None]]


def by_label(board: Board, results: Path, root: Path) -> tuple[ByLabel | None, str]:
    """The errors of a board, or why there are none: predictions or data are not kept, or labels are no scalars.

    Args:
        root: of the data.
    """
    finished = board.finished
    records = [record for own in finished.values() for record in own]
    kept = [[r.cell, r.data_fingerprint, r.predictions.sha256] for r in records if r.predictions]
    if not kept:
        return None, "no predictions are kept"
    state = hashlib.sha256(repr((sorted(kept), list(finished))).encode()).hexdigest()

    def compute() -> dict[str, Any]:
        found, reason = _by_label(board, results, root)
        return {"found": None if found is None else vars(found), "reason": reason}

    try:
        answer = remembered("error by label", [board.spec.dataset, str(root), state], compute)
    except BenchError:  # without the data there is another answer tomorrow; why they are missing names paths of here
        return None, f"the data are not here; bench data status --dataset {board.spec.dataset} says what to do"
    return (ByLabel(**answer["found"]) if answer["found"] else None), answer["reason"]


def bins(labels: np.ndarray) -> np.ndarray:
    """Edges of at most 24 bins over labels: one a value where these are few and evenly spaced, else of equal width.

    >>> bins(np.array([1.0, 2.0, 4.0])).tolist()
    [0.5, 1.5, 2.5, 3.5, 4.5]
    """
    values = np.unique(labels)
    gaps = np.diff(values)
    step = float(gaps.min()) if gaps.size else 1.0
    number = round(float(values[-1] - values[0]) / step) + 1
    if number <= MOST_BINS and np.allclose(gaps / step, np.round(gaps / step)):
        return values[0] - step / 2 + step * np.arange(number + 1)
    return np.linspace(values[0], values[-1], MOST_BINS + 1)


def _by_label(board: Board, results: Path, root: Path) -> tuple[ByLabel | None, str]:
    import torch

    from bench.plugins import resolve
    from bench.runs import cells

    on = resolve.dataset(board.spec.dataset)
    splits = cells.load(on, root)
    train, test = splits.train.labels, splits.test.labels
    if any(len(labels.shape) != 2 or labels.shape[1] != 1 for labels in (train, test)):
        return None, "labels are no single numbers"
    seen = train.double().numpy().ravel()
    edges = bins(np.concatenate([seen, test.double().numpy().ravel()]))

    def errors(record: Record) -> list[float] | None:
        y_hat = store.predictions(results, record)
        if y_hat is None or y_hat.shape != tuple(test.shape):
            return None
        guess, y = on.dataset.evaluation_arrays(torch.from_numpy(y_hat), splits.test)
        sums, _ = np.histogram(y.ravel(), edges, weights=np.abs(guess - y).ravel())
        counts, _ = np.histogram(y.ravel(), edges)
        return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0).tolist()

    found = {row: [one for r in own if (one := errors(r)) is not None] for row, own in board.finished.items()}
    means = {row: np.mean(own, axis=0) for row, own in found.items() if own}
    if not means:
        return None, "no predictions are kept"
    shown = {row: [None if np.isnan(x) else float(f"{x:.4g}") for x in mean] for row, mean in means.items()}
    counts = [np.histogram(labels, edges)[0].tolist() for labels in (seen, test.double().numpy().ravel())]
    return ByLabel([float(f"{edge:.6g}") for edge in edges], counts[0], counts[1], shown), ""
