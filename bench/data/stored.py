"""Samples too many to hold as numbers: arrays that stay as stored, in memory or on disk, until a batch is asked for.

Both classes stand where a `Split` has a tensor.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Stored:
    """Some rows of an array; indexing reads them and brings them to the device.

    Args:
        array: (M, ...), a memory map for example.
        rows: which of the M rows are in, and in what order, (N,).
    """

    array: np.ndarray
    rows: np.ndarray
    device: torch.device | str = "cpu"

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Tensor:
        # fancy indexing copies, so the tensor never shares memory with the map
        rows = self.rows[index if isinstance(index, slice) else np.asarray(index)]
        return torch.from_numpy(self.array[rows]).to(self.device, non_blocking=True)

    @property
    def shape(self) -> torch.Size:
        """As a tensor's."""
        return torch.Size((len(self.rows), *self.array.shape[1:]))

    def to(self, device: torch.device | str) -> "Stored":
        """The same rows for another device; nothing is read."""
        return replace(self, device=device)


@dataclass(frozen=True)
class Coded:
    """Labels of few distinct values, each stored as the number of its value.

    Args:
        codes: integers, (N, ...).
        values: what they stand for, (K,).
    """

    codes: Stored
    values: Tensor

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: Any) -> Tensor:
        return self.values[self.codes[index].int()]

    @property
    def shape(self) -> torch.Size:
        """As a tensor's."""
        return self.codes.shape

    def to(self, device: torch.device | str) -> "Coded":
        """The same labels for another device; nothing is read."""
        return Coded(self.codes.to(device), self.values.to(device))

    def map(self, function: Callable[[Tensor], Tensor | None]) -> "Coded | None":
        """A function of every label, computed once a value: it is given them as a column (K, 1)."""
        made = function(self.values[:, None])
        return None if made is None else Coded(self.codes, made[:, 0])


def each(labels: Any, function: Callable[[Tensor], Tensor | None]) -> Any:
    """A function of every label, (N, T) -> (N, T) or None; of coded labels it is computed once a value."""
    return labels.map(function) if isinstance(labels, Coded) else function(labels)
