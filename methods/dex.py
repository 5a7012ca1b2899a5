"""DEX: classify label bins with cross-entropy, predict the expectation over the bins.

Rothe et al., Deep Expectation of Real and Apparent Age from a Single Image, IJCV 2018.
Follows the paper, sections 3.4 and 3.5.
Differs: the bins are the dataset's.
"""

from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
from bench.functional.shapes import as_vector_of
from bench.method import Batch


class DEX(Binned):
    """Softmax over bins; no parameters."""

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the label's bin."""
        return dex(batch.outputs, batch.targets, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, K) -> (B, 1)."""
        return outputs.softmax(1) @ self.centers[:, None]


def dex(logits: Tensor, bins: Tensor, weights: Tensor | None = None) -> Tensor:
    """Cross-entropy of the labels' bins; (B, K), (B,) or (B, 1) int64, (B, 1) -> ().

    >>> import torch
    >>> dex(torch.zeros(2, 4), torch.tensor([0, 3]))
    tensor(1.3863)
    """
    loss = nn.functional.cross_entropy(logits, as_vector_of(logits, bins, "bins"), reduction="none")
    return weighted_mean(loss, weights)
