"""Rows of somebody's own with one target or several, whatever their inputs are: splits, bins, regions and units.

Targets are standardised; of several, labels are so too.
"""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch

from bench.dataset import Bins, Samples, Split, Splits
from bench.described import hugging_face, reading, splitting
from bench.described.base import DescribedDataset
from bench.described.description import Rows
from bench.errors import BenchError
from bench.paths import shown
from bench.protocol import Protocol, with_protocol
from bench.shots import regions

PROTOCOL = Protocol(loss="mse", optimizer="adamw", lr=1e-3, weight_decay=0.01, batch_size=64, epochs=100)
METRICS = ("mae", "rmse", "gmean_error", "r2", "pearson", "balanced_mae", "balanced_mse", "sera")
OF_SEVERAL = ("mae", "rmse", "r2")


class DescribedRows(DescribedDataset):
    """Base of datasets whose rows a table lists. A subclass says what of a row goes in, as `learn` and `made` have it.

    Args:
        about: the description.
    """

    metrics = METRICS
    protocol = PROTOCOL
    tunes: ClassVar = {"protocol.lr": (1e-3, 3e-3, 1e-2), "protocol.cosine_floor": (None, 0.0)}

    def __init__(self, about: Rows) -> None:
        self.rows_about = about
        self.unit = about.unit
        self.protocol = with_protocol(PROTOCOL, {f"protocol.{key}": value for key, value in about.protocol.items()})
        if len(about.target) > 1:
            self.metrics, self.unit = OF_SEVERAL, "training deviations"
        elif about.bins is None or about.shots is None:
            raise BenchError(f"{self.described.name}.toml: bins and shots are missing; write it anew with bench new")
        else:
            self.bins = Bins(about.bins.start, about.bins.width, about.bins.number)
        self.note = f"{', '.join(about.target)} of {Path(about.path).name}; split: {about.split.way}."

    @property
    def resolved(self) -> dict[str, Any]:
        """The description as a cell's key holds it."""
        return self.rows_about.resolved()

    @property
    def targets(self) -> tuple[str, ...]:
        """Columns that are predicted."""
        return self.rows_about.target

    @property
    def used(self) -> list[str]:
        """Columns that go in."""
        raise NotImplementedError

    @property
    def as_text(self) -> Sequence[str]:
        """Of these, columns whose cells are texts even where all that a file has are numbers."""
        return ()

    def learn(self, table: pd.DataFrame, train: np.ndarray) -> None:
        """Take up what some rows, those that train, say of how rows become inputs."""
        raise NotImplementedError

    def made(self, table: pd.DataFrame) -> Samples:
        """Inputs of rows (N, ...), after `learn` or `restore`."""
        raise NotImplementedError

    def listed_rows(self) -> tuple[pd.DataFrame, Path]:
        """All rows, and the file that they are in."""
        return hugging_face.rows(self.described.path, self.as_text), self.described.path

    def digest(self) -> str | None:
        """What stands for inputs that are too many to be hashed; after `made`."""

    def load(self, root: Path) -> Splits:
        """Read the rows, split them, and make inputs of them by what training rows say."""
        self.root = root
        table, labels = self.rows()
        train, val, test = self.parts(table, labels)
        self.learn(table, train)
        inputs = [self.made(table.iloc[rows]) for rows in (train, val, test)]
        shift, scale = labels[train].mean(0), labels[train].std(0)
        scale = np.where(scale > 0, scale, 1.0)
        self.units: Any = None
        if len(self.targets) > 1:
            self.units = shift.tolist(), scale.tolist()
            labels, shift, scale = (labels - shift) / scale, np.zeros(1), np.ones(1)
        shared = {}
        part = self.rows_about.split
        if part.way in ("groups", "natural", "balanced") and part.column:
            shared[part.column] = table[part.column].astype(str).to_numpy()
        targets = torch.from_numpy(labels).float()
        found = [
            Split(x, targets[rows], shared={what: ids[rows] for what, ids in shared.items()})
            for x, rows in zip(inputs, (train, val, test), strict=True)
        ]
        found[0].weights = self._weights(table, train)
        return Splits(*found, shift=float(shift[0]), scale=float(scale[0]), inputs=self.digest())

    def _weights(self, table: pd.DataFrame, train: np.ndarray) -> torch.Tensor | None:
        column = self.rows_about.weight
        if not column:
            return None
        given = reading.weights(table, column, self.described.path)[train]
        if not given.any():
            raise BenchError(f"{self.described.path}: the weight {column} is 0 in every row that trains")
        return torch.from_numpy(given / given.mean()).float()[:, None]

    def in_own_units(self, y_hat: torch.Tensor) -> np.ndarray:
        """Predictions (N, T) in the units of the file."""
        found = super().in_own_units(y_hat)
        return found if self.units is None else found * np.array(self.units[1]) + np.array(self.units[0])

    def rows(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows that have all targets, and these, (N, T) in their own units.

        Raises:
            BenchError: the file is not as the description says.
        """
        about = self.rows_about
        table, path = self.listed_rows()
        reading.require(table, [*self.used, *filter(None, [about.split.column, about.weight])], path)
        labels = np.stack([reading.numeric(table, name, path) for name in about.target], axis=1)
        there = np.isfinite(labels).all(1)
        reading.require_learnable(labels[there], about.target, path)
        return table[there].reset_index(drop=True), labels[there]

    def parts(self, table: pd.DataFrame, labels: np.ndarray) -> splitting.Parts:
        """Rows that train, validate and test."""
        first, part = labels[:, 0], self.rows_about.split
        bins = self.bins.index(torch.from_numpy(first)).numpy() if self.bins else np.zeros(len(first))
        column = table[part.column] if part.column else None
        return splitting.split(first, bins, column, part, self.described.name)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
        """Region (N,) by the training count of the label's bin."""
        if self.bins is None or self.rows_about.shots is None:
            return None
        shots = self.rows_about.shots
        train, own = (self.bins.index(torch.from_numpy(given)).numpy() for given in (train_labels, labels))
        return regions(train, own.ravel(), many=shots.many, few=shots.few, zero=True)


def required(
    rows: "pd.DataFrame | str | Path", names: Sequence[str], as_text: Sequence[str] = (), source: object = "the frame"
) -> tuple[pd.DataFrame, object]:
    """New rows as a tidied table that has some columns, and what to call them in messages.

    Args:
        source: of the rows of a frame.
    """
    if isinstance(rows, pd.DataFrame):
        table, origin = reading.tidied(rows.copy(), as_text), source
    else:
        table, origin = hugging_face.rows(Path(rows), as_text), rows
    reading.require(table, list(names), origin)
    for name in set(names).intersection(table.attrs.get(reading.REPEATED, ())):
        if f"{name}.1" not in names:  # as pandas calls the second one
            raise BenchError(f"{origin} has several columns named {shown(name)}; leave one of them out")
    return table, origin
