"""A table of somebody's own, by its description: numbers, categories, dates, one target or several.

Columns go in as their training rows say: standardised, or as ranks where a tail is heavy; a flag each for the frequent
values of a category, for all others, and for what is missing. Targets are standardised; of several, labels are so too.
"""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import nn

from bench.dataset import Bins, Examples, Mode, Split, Splits
from bench.described import columns, description, reading, splitting
from bench.described.base import DescribedDataset
from bench.described.networks import embedded
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.protocol import Protocol, with_protocol
from bench.shots import regions

FEWEST = 10  # rows that a table needs
PROTOCOL = Protocol(loss="mse", optimizer="adamw", lr=1e-3, weight_decay=0.01, batch_size=64, epochs=100)
METRICS = ("mae", "rmse", "gmean_error", "r2", "pearson", "balanced_mae", "balanced_mse", "sera")
OF_SEVERAL = ("mae", "rmse", "r2")


class DescribedTable(DescribedDataset):
    """Rows of a table to its target.

    Args:
        network: the description's network, or another one.
    """

    metrics = METRICS
    protocol = PROTOCOL

    def __init__(self, network: Literal["mlp", "embedded"] | None = None) -> None:
        about = self.about = description.table(self.described)
        self.network = network or about.network.kind
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
        return self.about.resolved()

    @property
    def targets(self) -> tuple[str, ...]:
        """Columns that are predicted."""
        return self.about.target

    def load(self, root: Path) -> Splits:
        """Read the table, split its rows, and make numbers of them by what training rows say."""
        del root
        table, labels = self.rows()
        train, val, test = self.parts(table, labels)
        self.states = columns.fit(table.iloc[train], self.about.columns)
        x, self.numbers = columns.matrix(table, self.states)
        if not x.shape[1]:
            raise BenchError(f"{self.described.name}.toml: every column is ignored; give one a kind under [columns]")
        shift, scale = labels[train].mean(0), labels[train].std(0)
        scale = np.where(scale > 0, scale, 1.0)
        self.units: Any = None
        if len(self.about.target) > 1:
            self.units = shift.tolist(), scale.tolist()
            labels, shift, scale = (labels - shift) / scale, np.zeros(1), np.ones(1)
        shared = {}
        if self.about.split.way in ("groups", "natural", "balanced") and self.about.split.column:
            shared[self.about.split.column] = table[self.about.split.column].astype(str).to_numpy()
        inputs, targets = torch.from_numpy(x), torch.from_numpy(labels).float()
        made = [
            Split(inputs[rows], targets[rows], shared={what: ids[rows] for what, ids in shared.items()})
            for rows in (train, val, test)
        ]
        made[0].weights = self._weights(table.iloc[train])
        return Splits(*made, shift=float(shift[0]), scale=float(scale[0]))

    def _weights(self, table: pd.DataFrame) -> torch.Tensor | None:
        if not self.about.weight:
            return None
        given = reading.target(table, self.about.weight, self.described.path)
        if not (np.isfinite(given) & (given >= 0)).all() or not given.any():
            raise BenchError(
                f"{self.described.path}: the weight {self.about.weight} must be 0 or more in every row, "
                "and above it in some"
            )
        return torch.from_numpy(given / given.mean()).float()[:, None]

    def preprocessing(self) -> dict[str, Any]:
        """What training rows say of each column, and of several targets the units of their labels."""
        return {"columns": self.states, "numbers": self.numbers, "units": self.units}

    def restore(self, preprocessing: dict[str, Any]) -> None:
        """Take that up again."""
        self.states, self.numbers, self.units = (preprocessing[key] for key in ("columns", "numbers", "units"))

    def inputs(self, rows: "pd.DataFrame | str | Path") -> tuple[torch.Tensor, pd.Index]:
        """New rows as the network takes them."""
        table = reading.tidied(rows.copy()) if isinstance(rows, pd.DataFrame) else reading.frame(Path(rows))
        origin = "the frame" if isinstance(rows, pd.DataFrame) else rows
        reading.require(table, columns.names(self.states), origin)
        columns.require_readable(table, self.states, origin)
        return torch.from_numpy(columns.matrix(table, self.states)[0]), table.index

    def examples(self, number: int) -> torch.Tensor:
        """Standard Gaussians for the numbers, and a flag for each other one."""
        rng, width = torch.Generator().manual_seed(0), len(columns.features(self.states))
        x = torch.randn(number, width, generator=rng)
        x[:, self.numbers :] = (x[:, self.numbers :] > 0).float()
        return x

    def in_own_units(self, y_hat: torch.Tensor) -> np.ndarray:
        """Predictions (N, T) in the units of the file."""
        found = super().in_own_units(y_hat)
        return found if self.units is None else found * np.array(self.units[1]) + np.array(self.units[0])

    def rows(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows that have all targets, and these, (N, T) in their own units.

        Raises:
            BenchError: the file is not as the description says.
        """
        about, path = self.about, self.described.path
        table = reading.frame(path)
        used = [name for name, kind in about.columns.items() if kind != "ignored"]
        reading.require(table, [*used, *filter(None, [about.split.column, about.weight])], path)
        labels = np.stack([reading.target(table, name, path) for name in about.target], axis=1)
        there = np.isfinite(labels).all(1)
        if there.sum() < FEWEST:
            raise BenchError(f"{path} has {int(there.sum())} rows with a target, and at least {FEWEST} are needed")
        if any(len(np.unique(column)) == 1 for column in labels[there].T):
            raise BenchError(
                f"{path}: the target {', '.join(about.target)} is the same in every row: nothing to predict"
            )
        return table[there].reset_index(drop=True), labels[there]

    def parts(self, table: pd.DataFrame, labels: np.ndarray) -> splitting.Parts:
        """Rows that train, validate and test."""
        first = labels[:, 0]
        bins = self.bins.index(torch.from_numpy(first)).numpy() if self.bins else np.zeros(len(first))
        column = table[self.about.split.column] if self.about.split.column else None
        return splitting.split(first, bins, column, self.about.split, self.described.name)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A plain MLP, or a residual one over embedded numbers; torch's own initial weights."""
        width = splits.train.x.shape[1]
        if self.network == "embedded":
            return embedded(width, self.numbers)
        widths = (width, *self.about.network.hidden)
        layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers), widths[-1]

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """A view has Gaussian noise of 0.05 on every input; training itself has none."""
        if mode in ("train", "evaluation"):
            return examples
        noise = to_device_of(torch.randn(examples.x.shape, generator=rng), examples.x)
        return Examples(examples.x + 0.05 * noise, examples.y, examples.w, examples.mask)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
        """Region (N,) by the training count of the label's bin."""
        if self.bins is None or self.about.shots is None:
            return None
        train, own = (self.bins.index(torch.from_numpy(given)).numpy() for given in (train_labels, labels))
        return regions(train, own.ravel(), many=self.about.shots.many, few=self.about.shots.few, zero=True)
