"""Information Dropout: noise on the features, its strength learned, at a price for its absence.

Achille and Soatto, Information Dropout, TPAMI 2018, arXiv:1611.01353.
Follows needylove/PH-Reg main.py and agedb-dir/resnet_InformationDropout.py at 8b1d95ea6b5b.
Differs: on images the branch is a second encoder from the start, theirs copies the last block alone.
Found: a branch of one layer on the features gives 0.107 ± 0.003 on the published circle (10 seeds), the second
encoder of the released code 0.093, as reported.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.functional.devices import to_device_of
from bench.functional.shapes import require_same
from bench.method import Batch, Method, Task
from bench.ranges import NonNegative, Positive


class InformationDropout(Method):
    """Multiply each feature by log-normal noise in training.

    Args:
        weight: of the penalty.
        strength: bound of the noise deviation, applied twice as in the released code.
    """

    defaults: ClassVar = {name: {"weight": 0.01} for name in ("circle", "torus", "swiss_roll", "mammoth")}
    origins: ClassVar = {"": "code"}
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-3, 2))

    def __init__(self, weight: NonNegative = 0.01, strength: Positive = 0.7) -> None:
        super().__init__()
        self.weight, self.strength = weight, strength
        self.penalty: Tensor | None = None
        self.x: Tensor = torch.empty(0)  # what the encoder saw last

    def prepare(self, task: Task) -> None:
        """Draw the noise branch, a second encoder of the same inputs."""
        super().prepare(task)
        self.branch = task.new_encoder()
        task.encoder.register_forward_pre_hook(self._see)

    def _see(self, encoder: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        del encoder
        (self.x,) = inputs

    def features(self, z: Tensor, y: Tensor, epoch: int) -> Tensor:
        """Noisy features; of dense ones, pixel by pixel."""
        del y, epoch
        z, branch = z.movedim(1, -1), self.branch(self.x).movedim(1, -1)
        noise = to_device_of(torch.randn(z.shape, generator=self.task.generator), z)
        z, kl = information_dropout(z, branch, noise, self.strength)
        self.penalty = kl.sum(-1).mean()
        return z.movedim(-1, 1)

    def regularizer(self, batch: Batch) -> Tensor:
        """The penalty of the features that this batch went through."""
        penalty, self.penalty = self.penalty, None
        return batch.z.new_zeros(()) if penalty is None else self.weight * penalty


def information_dropout(
    features: Tensor, branch: Tensor, noise: Tensor, strength: float = 0.7
) -> tuple[Tensor, Tensor]:
    """Features times exp(α·noise), α from the branch, and -log(α / largest α); all (..., D).

    >>> noisy, penalty = information_dropout(torch.ones(1, 2), torch.zeros(1, 2), torch.tensor([[-1.0, 1.0]]))
    >>> noisy
    tensor([[0.7819, 1.2789]])
    """
    require_same(branch, features, "branch", "features")
    require_same(noise, features, "noise", "features")
    deviation = 0.001 + strength * (strength * torch.sigmoid(branch))
    return features * (deviation * noise).exp(), -(deviation / (strength + 0.001)).log()
