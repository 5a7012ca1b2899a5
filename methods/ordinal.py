"""Ordinal regression (OR): one binary decision a boundary, whether the label lies above it.

Niu et al., Ordinal Regression with Multiple Output CNN for Age Estimation, CVPR 2016.
Follows the paper, section 3.2.
Differs: one logit a boundary for its two-way softmax, which is the same model; a boundary at a bin without samples
weighs as at one with a single sample.
"""

import torch
from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
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
        above = (batch.targets > torch.arange(self.bins - 1, device=batch.targets.device)).to(batch.outputs)
        loss = nn.functional.binary_cross_entropy_with_logits(batch.outputs, above, reduction="none")
        return weighted_mean((loss * self.importance).mean(1), batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """The bin as high as there are boundaries below, (B, K - 1) -> (B, 1)."""
        return self.centers[(outputs > 0).sum(1, keepdim=True)]
