"""L2CS-Net: classify label bins with cross-entropy, and regress the expectation over them with a squared error.

Abdelrahman et al., L2CS-Net: Fine-Grained Gaze Estimation in Unconstrained Environments, 2022, arXiv:2203.03339.
Follows Ahmednull/L2CS-Net train.py at a4d8f7fa5436.
Differs: bins are the dataset's and stand for their mean labels (there for their lower edges); one head gives the bins
of all targets; the network is the dataset's.
"""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
from bench.dataset import Dataset
from bench.functional.shapes import as_column, require_axes, require_same
from bench.method import Batch
from bench.ranges import NonNegative


class L2CS(Binned):
    """Cross-entropy plus the squared error of the softmax's expectation. Args: weight: of the error, in label units."""

    origins: ClassVar = {"weight": "code (gaze, in degrees)"}
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-3, 2))

    def __init__(self, weight: NonNegative = 1.0) -> None:
        super().__init__()
        self.weight = weight

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Classes are label bins, of a few numbers a sample."""
        dense = "it classifies whole samples, and this dataset's targets are dense" if dataset.dense_targets else None
        return super().unsupported_reason(dataset) or dense

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """K outputs a target."""
        return make(targets * self.bins)

    def loss(self, batch: Batch) -> Tensor:
        """Both terms."""
        weight = self.weight * self.task.scale**2
        return l2cs(self._logits(batch.outputs), batch.targets, batch.y, self.centers, weight, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, T·K) -> (B, T)."""
        return self._logits(outputs).softmax(2) @ self.centers

    def _logits(self, outputs: Tensor) -> Tensor:
        return outputs.unflatten(1, (-1, self.bins))


def l2cs(
    logits: Tensor, bins: Tensor, targets: Tensor, centers: Tensor, weight: float = 1.0, weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of the labels' bins plus the squared error of the expectation, as a scalar.

    The mean over samples of the sum over their targets.

    Args:
        logits: (B, T, K).
        bins: that the labels fall into, (B, T) int64.
        targets, centers: (B, T), and what each bin stands for, (K,).
        weight: of the squared error.
        weights: of the samples, (B, 1).

    >>> import torch
    >>> l2cs(torch.zeros(2, 1, 3), torch.tensor([0, 2]), torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0, 2.0]))
    tensor(2.0986)
    """
    require_axes(logits, "logits", 3)
    bins, targets = as_column(bins), as_column(targets)
    require_same(bins, logits[..., 0], "bins", "logits")
    require_same(targets, bins, "targets", "bins")
    entropy = nn.functional.cross_entropy(logits.transpose(1, 2), bins, reduction="none")
    error = (logits.softmax(2) @ centers - targets).square()
    return weighted_mean((entropy + weight * error).sum(1), weights)
