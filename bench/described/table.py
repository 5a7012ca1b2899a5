"""A table of somebody's own, by its description: numbers, categories, dates.

Columns go in as their training rows say: standardised, or as ranks where a tail is heavy; a flag each for the frequent
values of a category, for all others, and for what is missing.
"""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import nn

from bench.dataset import Examples, Mode, Samples, Splits
from bench.described import columns, description
from bench.described.networks import embedded
from bench.described.rows import DescribedRows, required
from bench.errors import BenchError
from bench.functional.devices import to_device_of

if TYPE_CHECKING:
    import pandas as pd


class DescribedTable(DescribedRows):
    """Rows of a table to its target.

    Args:
        network: the description's network, or another one.
    """

    def __init__(self, network: Literal["mlp", "embedded"] | None = None) -> None:
        self.about = description.read(self.described, description.Table)
        super().__init__(self.about)
        self.network = network or self.about.network.kind

    @property
    def used(self) -> list[str]:
        """Columns that go in."""
        return [name for name, kind in self.about.columns.items() if kind != "ignored"]

    @property
    def as_text(self) -> list[str]:
        """Categories: 36 months is no number where others say flexible."""
        return [name for name, kind in self.about.columns.items() if kind == "category"]

    def learn(self, table: "pd.DataFrame", train: np.ndarray) -> None:
        """What training rows say of each column."""
        self.states = columns.fit(table.iloc[train], self.about.columns)
        if not columns.features(self.states):
            raise BenchError(f"{self.described.name}.toml: every column is ignored; give one a kind under [columns]")

    def made(self, table: "pd.DataFrame") -> Samples:
        """Numbers, then flags, (N, F)."""
        x, self.numbers = columns.matrix(table, self.states)
        return torch.from_numpy(x)

    def preprocessing(self) -> dict[str, Any]:
        """What training rows say of each column, and of several targets the units of their labels."""
        return {"columns": self.states, "numbers": self.numbers, "units": self.units}

    def restore(self, preprocessing: dict[str, Any]) -> None:
        """Take that up again."""
        self.states, self.numbers, self.units = (preprocessing[key] for key in ("columns", "numbers", "units"))

    def inputs(self, rows: "pd.DataFrame | str | Path") -> tuple[torch.Tensor, "pd.Index"]:
        """New rows as the network takes them."""
        table, origin = required(rows, columns.names(self.states), self.as_text)
        columns.require_readable(table, self.states, origin)
        return torch.from_numpy(columns.matrix(table, self.states)[0]), table.index

    def examples(self, number: int) -> torch.Tensor:
        """Standard Gaussians for the numbers, and a flag for each other one."""
        rng, width = torch.Generator().manual_seed(0), len(columns.features(self.states))
        x = torch.randn(number, width, generator=rng)
        x[:, self.numbers :] = (x[:, self.numbers :] > 0).float()
        return x

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
