"""Balanced sampler: draw training rows so that every label bin is seen equally often.

Kang et al., Decoupling Representation and Classifier for Long-Tailed Recognition, ICLR 2020, arXiv:1910.09217.
Follows the paper, equation 1, with label bins as its classes.
Differs: rows are drawn with replacement one by one, not bin by bin.
"""

from typing import ClassVar

import torch
from torch import Tensor

from bench.dataset import Dataset
from bench.method import Method
from bench.ranges import Share


class BalancedSampler(Method):
    """Args: power: q, a bin of n rows is drawn in proportion to n^q; 0 balances bins, 1 draws all rows alike."""

    origins: ClassVar = {"": "paper, section 3.1: class-balanced sampling"}

    def __init__(self, power: Share = 0.0) -> None:
        super().__init__()
        self.power = power

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """A row must be in one bin."""
        if dataset.dense_targets:
            return "its rows are in one label bin each, and here a row is a map of labels"
        return None if dataset.bins else "it draws rows by label bin, and this dataset has no label bins"

    def sampler(self, rows: int, rng: torch.Generator) -> Tensor:
        """As many rows as there are."""
        assert self.task.bins is not None
        bins = self.task.bins.index(self.task.labels).flatten()
        shares = bins.bincount()[bins].double() ** (self.power - 1)
        return torch.multinomial(shares, rows, replacement=True, generator=rng)
