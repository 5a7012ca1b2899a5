"""Regression as classification over label bins: what the methods that do so share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.dataset import Dataset
from bench.functional.shapes import as_vector_of
from bench.method import Method, Task


class Binned(Method):
    """Base of the classifiers: one bin of labels a class, the prediction a number again.

    The centre of a bin is the mean of its training labels, so that whole labels are hit exactly; a bin without
    training labels has its middle.
    """

    centers: Tensor  # (K,), in network units
    fewer: int = 0  # outputs less than bins: 1 for the methods that decide between neighbours

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Classes are label bins."""
        return None if dataset.bins else "its classes are label bins, and this dataset has none"

    def prepare(self, task: Task) -> None:
        """Find the centres, in network units."""
        super().prepare(task)
        assert task.bins is not None
        self.bins = task.bins.number
        index, y = task.bins.index(task.labels).flatten(), task.y.flatten()
        middle = task.bins.start + (torch.arange(self.bins) + 0.5) * task.bins.width
        count = index.bincount(minlength=self.bins)
        mean = torch.zeros(self.bins).index_add(0, index, y) / count.clamp_min(1)
        self.register_buffer("centers", torch.where(count > 0, mean, (middle - task.shift) / task.scale))

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """One output a class, or a boundary."""
        del targets
        return make(self.bins - self.fewer)

    def targets(self, y: Tensor) -> Tensor:
        """Bin numbers, (B, 1) -> (B, 1)."""
        return self.task.bin_of(y)


def weighted_mean(loss: Tensor, w: Tensor | None) -> Tensor:
    """Mean of losses (B,) with sample weights (B, 1) or None."""
    return loss.mean() if w is None else (loss * as_vector_of(loss, w, "weights")).mean()
