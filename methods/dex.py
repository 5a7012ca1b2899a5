"""DEX: classify label bins with cross-entropy, predict the expectation over the bins.

Rothe et al., Deep Expectation of Real and Apparent Age from a Single Image, IJCV 2018.
Follows the paper, sections 3.4 and 3.5.
Differs: the bins are the dataset's.
"""

from torch import Tensor, nn

from bench.bases.binned import Binned, weighted_mean
from bench.method import Batch


class DEX(Binned):
    """Softmax over bins; no parameters."""

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the label's bin."""
        loss = nn.functional.cross_entropy(batch.outputs, batch.targets.squeeze(1), reduction="none")
        return weighted_mean(loss, batch.w)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, K) -> (B, 1)."""
        return outputs.softmax(1) @ self.centers[:, None]
