"""Plain regression: mean L1, squared or Huber loss; the dataset's protocol names the default.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554 ("vanilla").
Follows YyzHarry/imbalanced-regression loss.py at a6fdc45d45c0.
Differs: nothing.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from bench.functional.losses import TaskLoss, task_loss
from bench.method import Batch, Method
from bench.protocol import Protocol
from bench.ranges import Positive


class Baseline(Method):
    """The task loss alone.

    Args:
        loss: l1, mse or huber; the default is the dataset's.
        beta: where Huber turns linear, in the network's target units; other losses ignore it.
    """

    origins: ClassVar = {"": "code", "loss": "the dataset's protocol", "beta": "the dataset's protocol"}

    def __init__(self, loss: TaskLoss = "l1", beta: Positive = 1.0) -> None:
        super().__init__()
        self.kind: TaskLoss = loss
        self.beta = beta

    @classmethod
    def defaults_for(cls, dataset: str, protocol: Protocol) -> Mapping[str, object]:
        """The protocol's own loss, and where its Huber loss turns linear."""
        huber = {"beta": protocol.huber_beta} if protocol.loss == "huber" else {}
        return {**super().defaults_for(dataset, protocol), "loss": protocol.loss, **huber}

    def loss(self, batch: Batch) -> Tensor:
        """Mean loss over the batch, sample weights applied."""
        return task_loss(batch.outputs, batch.targets, batch.w, self.kind, self.beta)
