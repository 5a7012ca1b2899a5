"""C-Mixup: train on mixtures of each example and another one of the batch whose label is near.

Yao et al., C-Mixup: Improving Generalization in Regression, NeurIPS 2022, arXiv:2210.05775.
Follows huaxiuyao/C-Mixup src/algorithm.py at 0b88fb314075, the form within a batch (batch_type 1).
Differs: partners come from the batch alone, there from a second batch too; inputs are mixed, never features.
"""

import numpy as np
import torch
from torch import Tensor

from bench.dataset import Dataset
from bench.functional.devices import to_device_of
from bench.method import Method
from bench.ranges import Positive


class CMixup(Method):
    """Args: alpha: of Beta(alpha, alpha), drawn once a batch; sigma: width of the kernel, in label units."""

    origins = {"alpha": "code", "sigma": "ours: one label unit"}
    candidates = tuple({"sigma": 10.0**power} for power in range(-2, 3))

    def __init__(self, alpha: Positive = 2.0, sigma: Positive = 1.0) -> None:
        super().__init__()
        self.alpha, self.sigma = alpha, sigma

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Neither has a mean."""
        return "word numbers and masked maps cannot be mixed" if dataset.token_inputs or dataset.dense_targets else None

    def inputs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Draw a partner for each row, and mix."""
        rng = self.task.generator
        share = np.random.default_rng(int(torch.randint(2**62, (), generator=rng))).beta(self.alpha, self.alpha)
        reached = (((y[:, None] - y) * (self.task.scale / self.sigma)).square().sum(-1) / -2).softmax(1).cumsum(1)
        partner = (reached < to_device_of(torch.rand(len(y), 1, generator=rng), y) * reached[:, -1:]).sum(1)
        return share * x + (1 - share) * x[partner], share * y + (1 - share) * y[partner]
