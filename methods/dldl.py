"""DLDL-v2: learn a Gaussian distribution over label bins, and its expectation with an L1 loss.

Gao et al., Age Estimation Using Expectation of Label Distribution Learning, IJCAI 2018.
Follows the paper, sections 3.2 and 3.3.
Differs: the bins are the dataset's, sigma counts in bins; the L1 term is in the network's target units.
"""

from typing import ClassVar

from torch import Tensor

from bench.bases.binned import Binned, weighted_mean
from bench.method import Batch


class DLDL(Binned):
    """Kullback-Leibler divergence to the label's distribution, plus the error of the expectation.

    Args:
        sigma: deviation of the label's distribution, in bins; the paper's is 2 years.
        weight: of the L1 term; the paper's is 1.
    """

    origins: ClassVar = {
        "": "paper, section 4 (ages)",
    }

    def __init__(self, sigma: float = 2.0, weight: float = 1.0) -> None:
        super().__init__()
        self.sigma, self.weight = sigma, weight

    def loss(self, batch: Batch) -> Tensor:
        """Both terms."""
        assert self.task.bins is not None
        apart = (self.centers - batch.y) * self.task.scale / self.task.bins.width
        wanted = (-(apart**2) / (2 * self.sigma**2)).softmax(1)
        divergence = (wanted * (wanted.clamp_min(1e-12).log() - batch.outputs.log_softmax(1))).sum(1)
        error = (batch.y_hat - batch.y).abs().squeeze(1)
        return weighted_mean(divergence + self.weight * error, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, K) -> (B, 1)."""
        return outputs.softmax(1) @ self.centers[:, None]
