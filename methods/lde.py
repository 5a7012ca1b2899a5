"""LDE: encode a label as the heights of a Gaussian over label bins, each learned by itself; predict their expectation.

The slides of Zha et al., Rank-N-Contrast, NeurIPS 2023, name it, on SkyFinder alone; the list of what they cite is not
part of them. Probably they mean Chu et al., Visual Weather Temperature Prediction, WACV 2018, arXiv:1801.08267, on
SkyFinder too, after Antipov et al., Effective Training of Convolutional Neural Networks for Face-Based Gender and Age
Prediction, Pattern Recognition 2017. Of both only abstracts could be read here: loss and encoding are Antipov et al.'s
as remembered, unverified.
Follows no code, as none was found.
Differs: unknown; the bins are the dataset's, and sigma is that of DLDL-v2.
"""

from math import pi
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
from bench.dataset import Dataset
from bench.functional.shapes import as_rows_of, require_axes
from bench.method import Batch
from bench.ranges import Positive


class LDE(Binned):
    """Binary cross-entropy of every bin's output with its height. Args: sigma: of the Gaussian, in bins."""

    origins: ClassVar = {"sigma": "ours: as DLDL-v2"}
    candidates: ClassVar = tuple({"sigma": sigma} for sigma in (0.5, 1.0, 2.0, 4.0, 8.0))

    def __init__(self, sigma: Positive = 2.0) -> None:
        super().__init__()
        self.sigma = sigma

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Classes are label bins, of one number a sample."""
        dense = "it classifies whole samples, and this dataset's targets are dense" if dataset.dense_targets else None
        return super().unsupported_reason(dataset) or dense

    def loss(self, batch: Batch) -> Tensor:
        """In bins."""
        assert self.task.bins is not None
        bins = self.task.scale / self.task.bins.width
        return lde(batch.outputs, batch.y * bins, self.centers * bins, self.sigma, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, K) -> (B, 1), the mean centre, by height."""
        # where all heights round to 0 their ratios are left
        shares = nn.functional.logsigmoid(outputs).softmax(1)
        return shares @ self.centers[:, None]


def lde(logits: Tensor, targets: Tensor, centers: Tensor, sigma: float = 2.0, weights: Tensor | None = None) -> Tensor:
    """Sum over bins of the binary cross-entropy with a Gaussian's heights, as a mean over samples.

    Args:
        logits: (B, K).
        targets, centers: of the samples, (B, 1), and of the bins, (K,), both in bins, as sigma.
        weights: of the samples, (B, 1).

    >>> lde(torch.zeros(1, 3), torch.tensor([1.0]), torch.tensor([0.0, 1.0, 2.0]))
    tensor(2.0794)
    """
    require_axes(logits, "logits")
    targets = as_rows_of(logits, targets)
    heights = torch.exp(-((centers - targets) ** 2) / (2 * sigma**2)) / (sigma * (2 * pi) ** 0.5)
    # a Gaussian narrower than a bin is higher than 1
    loss = nn.functional.binary_cross_entropy_with_logits(logits, heights.clamp_max(1), reduction="none")
    return weighted_mean(loss.sum(1), weights)
