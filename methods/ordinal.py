"""Ordinal regression (OR): one binary decision a boundary, whether the label lies above it.

Niu et al., Ordinal Regression with Multiple Output CNN for Age Estimation, CVPR 2016.
Follows the paper, section 3.2.
Differs: one logit a boundary for its two-way softmax, which is the same model; a boundary at a bin without samples
weighs as at one with a single sample.
"""

import torch
from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
from bench.functional.shapes import as_rows_of
from bench.method import Batch, Task


class Ordinal(Binned):
    """Binary cross-entropies, each boundary weighted as in the paper by the square root of its samples."""

    fewer = 1
    importance: Tensor  # (K - 1,)

    def prepare(self, task: Task) -> None:
        """Weigh the boundaries by the samples whose bin ends there, 1 on average."""
        super().prepare(task)
        assert task.bins is not None
        count = task.bins.index(task.labels).flatten().bincount(minlength=self.bins)[:-1]
        # a boundary of weight 0 would decide by its first weights, and be counted in the prediction all the same
        root = count.clamp_min(1).double().sqrt()
        self.register_buffer("importance", (root / root.mean()).float())

    def loss(self, batch: Batch) -> Tensor:
        """Mean over boundaries of the weighted binary cross-entropy."""
        return ordinal_regression(batch.outputs, batch.targets, self.importance, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """The bin as high as there are boundaries below, (B, K - 1) -> (B, 1)."""
        return self.centers[(outputs > 0).sum(1, keepdim=True)]


def ordinal_regression(
    logits: Tensor, bins: Tensor, importance: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    """Mean binary cross-entropy of lying above each boundary; (B, K - 1), (B, 1), (K - 1,), (B, 1) -> ().

    >>> ordinal_regression(torch.zeros(2, 3), torch.tensor([0, 3]))
    tensor(0.6931)
    """
    bins = as_rows_of(logits, bins, "bins")
    above = (bins > torch.arange(logits.shape[1], device=logits.device)).to(logits)
    loss = nn.functional.binary_cross_entropy_with_logits(logits, above, reduction="none")
    return weighted_mean((loss if importance is None else loss * importance).mean(1), weights)
