"""DLDL-v2: learn a Gaussian distribution over label bins, and its expectation with an L1 loss.

Gao et al., Age Estimation Using Expectation of Label Distribution Learning, IJCAI 2018.
Follows the paper, sections 3.2 and 3.3.
Differs: the bins are the dataset's, sigma counts in bins; the L1 term is in the network's target units.
"""

from typing import ClassVar

from torch import Tensor

from bench.bases.binned import Binned, weighted_mean
from bench.functional.shapes import as_rows_of
from bench.method import Batch
from bench.ranges import NonNegative, Positive


class DLDL(Binned):
    """Kullback-Leibler divergence to the label's distribution, plus the error of the expectation.

    Args:
        sigma: deviation of the label's distribution, in bins; the paper's is 2 years.
        weight: of the L1 term; the paper's is 1.
    """

    origins: ClassVar = {
        "": "paper, section 4 (ages)",
    }

    def __init__(self, sigma: Positive = 2.0, weight: NonNegative = 1.0) -> None:
        super().__init__()
        self.sigma, self.weight = sigma, weight

    def loss(self, batch: Batch) -> Tensor:
        """Both terms."""
        assert self.task.bins is not None
        scale, width = self.task.scale, self.task.bins.width
        return dldl(batch.outputs, batch.y, self.centers, self.sigma, self.weight, batch.w, scale, width)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, K) -> (B, 1)."""
        return outputs.softmax(1) @ self.centers[:, None]


def dldl(
    logits: Tensor,
    targets: Tensor,
    centers: Tensor,
    sigma: float = 2.0,
    weight: float = 1.0,
    weights: Tensor | None = None,
    scale: float = 1.0,
    width: float = 1.0,
) -> Tensor:
    """Divergence of the softmax from a Gaussian about the label, plus the L1 error of its expectation, as a scalar.

    Args:
        logits: (B, K).
        targets, centers: of the samples, (B, 1), and of the bins, (K,), both in network units.
        sigma: of the Gaussian, in bins.
        weight: of the L1 term.
        weights: of the samples, (B, 1).
        scale, width: label units in a network unit, and in a bin.

    >>> import torch
    >>> dldl(torch.zeros(1, 3), torch.tensor([1.0]), torch.tensor([0.0, 1.0, 2.0]))
    tensor(0.0018)
    """
    targets = as_rows_of(logits, targets)
    apart = (centers - targets) * scale / width
    wanted = (-(apart**2) / (2 * sigma**2)).softmax(1)
    divergence = (wanted * (wanted.clamp_min(1e-12).log() - logits.log_softmax(1))).sum(1)
    error = (logits.softmax(1) @ centers[:, None] - targets).abs().squeeze(1)
    return weighted_mean(divergence + weight * error, weights)
