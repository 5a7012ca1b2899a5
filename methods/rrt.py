"""Regressor re-training (RRT): train as usual, then re-train the head alone with re-weighted samples.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression */train.py at a6fdc45d45c0 (--retrain_fc).
Differs: the second stage starts from the best epoch of the first one in the same run.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from bench.dataset import Dataset, Protocol
from bench.method import Method, Stage


class RegressorRetraining(Method):
    """Decouple the encoder from the head. Batch statistics keep moving in the second stage, as published.

    Args:
        low, high: bin counts are clipped to this range before they are inverted.
    """

    yields: ClassVar[tuple[str, ...]] = ("weights",)  # to another method of the stack
    defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "agedb": {"low": 5, "high": 1000},
        "imdb_wiki": {"low": 5, "high": 1000},
    }

    def __init__(self, low: int = 1, high: int | None = None) -> None:
        super().__init__()
        self.low, self.high = low, high

    @classmethod
    def refuses(cls, dataset: Dataset) -> str | None:
        """Without label bins there is nothing to re-weight by."""
        return None if dataset.bins else "it re-weights by label bins, and this dataset has none"

    def weights(self, labels: Tensor) -> Tensor | None:
        """Inverse frequency of the label's bin, 1 on average."""
        assert self.task.bins is not None
        bins = self.task.bins.index(labels)
        weights = 1 / bins.flatten().bincount().clamp(self.low, self.high)[bins].to(labels)
        return weights / weights.mean()

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """Weights act in the second stage only, regularizers in the first only."""
        return (
            Stage("representation", protocol, weighted=False),
            Stage("regressor", protocol, encoder="frozen", new_head=True, regularized=False),
        )
