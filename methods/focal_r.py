"""Focal-R: a regression loss that fades where the error is small.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression */loss.py at a6fdc45d45c0.
Differs: sample weights act (the copies of RankSim, ConR and SRL pass them to another argument by mistake).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from bench.functional.shapes import as_columns
from bench.method import Batch, Method
from bench.protocol import Protocol
from bench.ranges import NonNegative, Positive

Activation = Literal["sigmoid", "tanh"]


class FocalR(Method):
    """L1 or squared error, each scaled by how large it is.

    Args:
        power: 1 for L1, 2 for squared errors; the default is that of the dataset's loss.
        activation: of the factor.
        beta: how fast the factor saturates, per network unit of error.
        gamma: exponent of the factor.
    """

    defaults: ClassVar = {"stsb": {"beta": 20.0}}
    origins: ClassVar = {
        "": "code",
        "power": "code: that of the dataset's loss",
        "beta": "code for ages",
        "stsb": "code",
    }

    def __init__(
        self,
        power: Literal[1, 2] = 1,
        activation: Activation = "sigmoid",
        beta: Positive = 0.2,
        gamma: NonNegative = 1.0,
    ) -> None:
        super().__init__()
        self.activation: Activation = activation
        self.power, self.beta, self.gamma = power, beta, gamma

    @classmethod
    def defaults_for(cls, dataset: str, protocol: Protocol) -> Mapping[str, object]:
        """Squared where the protocol's loss is."""
        return {"power": 2 if protocol.loss == "mse" else 1, **super().defaults_for(dataset, protocol)}

    def loss(self, batch: Batch) -> Tensor:
        """Mean over the batch, sample weights applied."""
        return focal_r(batch.outputs, batch.targets, batch.w, self.power, self.activation, self.beta, self.gamma)


def focal_r(
    predictions: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    power: int = 1,
    activation: Activation = "sigmoid",
    beta: float = 0.2,
    gamma: float = 1.0,
) -> Tensor:
    """Mean of w·f(β|e|)^γ·|e|^power, f = tanh or 2·sigmoid - 1; (B, T), (B, T), (B, 1) -> ().

    >>> focal_r(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 12.0]))
    tensor(3.8080)
    """
    predictions, targets, weights = as_columns(predictions, targets, weights)
    error = (predictions - targets).abs()
    factor = torch.tanh(beta * error) if activation == "tanh" else 2 * torch.sigmoid(beta * error) - 1
    # an exact hit has gradient 0 for every γ, where 0^(γ - 1) would make it NaN
    loss = factor.clamp_min(torch.finfo(factor.dtype).tiny) ** gamma * error**power
    return loss.mean() if weights is None else (loss * weights).mean()
