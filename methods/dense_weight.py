"""DenseWeight: weigh samples by how rare their label is, from a kernel density; DenseLoss is the loss so weighted.

Steininger et al., Density-based weighting for imbalanced regression, Machine Learning 110, 2021.
Follows SteiMi/denseweight denseweight.py at 3d7551cb8090, but for what differs.
Differs: the density is exact and scaled from 0 to 1 over the training labels, as in the paper, there over a grid.
"""

import numpy as np
from torch import Tensor

from bench.dataset import Dataset
from bench.method import Method
from bench.ranges import NonNegative, Positive


class DenseWeight(Method):
    """Args: alpha: 0 weighs all alike, 1 the densest label least; epsilon: least weight, before the mean is made 1."""

    origins = {"": "code"}

    def __init__(self, alpha: NonNegative = 1.0, epsilon: Positive = 1e-6) -> None:
        super().__init__()
        self.alpha, self.epsilon = alpha, epsilon

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Label bins are of one scalar label."""
        return None if dataset.bins and not dataset.dense_targets else "its density is that of one scalar label a row"

    def weights(self, labels: Tensor) -> Tensor:
        """(N, 1) -> (N, 1)."""
        from sklearn.neighbors import KernelDensity

        y = self.task.labels.double().numpy()
        known, counts = np.unique(y, return_counts=True)
        kernel = KernelDensity(bandwidth=1.06 * y.std() * len(y) ** -0.2 or 1.0)  # Silverman's rule
        density = np.exp(kernel.fit(known[:, None], sample_weight=counts).score_samples(known[:, None]))
        weights = np.maximum(1 - self.alpha * (density - density.min()) / (np.ptp(density) or 1), self.epsilon)
        return labels.new_tensor(np.interp(labels, known, weights / np.average(weights, weights=counts)))
