"""Multiple targets (MT): the head predicts M copies of the target, the prediction is their mean.

Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, section 4.1.
Follows the paper; its code for this part was not released.
Differs: nothing; where the paper does not state M (coordinates) we take its 8. What its noise targets are drawn from it
does not state either: ours are normal with the mean and deviation of the training targets, anew in each step.
"""

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.functional.devices import to_device_of
from bench.method import Method, Task
from bench.ranges import Several


class MultipleTargets(Method):
    """More regressors over one feature tighten it; the copies start from their own draws.

    Args:
        copies: M, the number of copies of each target.
        noise: every copy but the first is noise, and the first one predicts.
        prediction: the mean over the copies, or the first one.
    """

    origins: ClassVar = {
        "": "paper, table 5 (ages); for other data ours",
    }

    def __init__(self, copies: Several = 8, noise: bool = False, prediction: Literal["mean", "first"] = "mean") -> None:
        super().__init__()
        self.copies, self.noise, self.single = copies, noise, noise or prediction == "first"

    def prepare(self, task: Task) -> None:
        """Learn what the noise is to look like."""
        super().prepare(task)
        self.moments = task.y.mean(0), task.y.std(0, correction=0)

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """M·T outputs where there were T."""
        return make(self.copies * targets)

    def targets(self, y: Tensor) -> Tensor:
        """(B, T, ...) -> (B, M·T, ...), copy after copy; the loss averages over B·M."""
        copied = y.repeat(1, self.copies, *(1,) * (y.dim() - 2))
        if self.noise:
            number = y.shape[1]
            drawn = to_device_of(torch.randn(copied[:, number:].shape, generator=self.task.generator), y)
            like = (1, -1, *(1,) * (y.dim() - 2))
            mean, deviation = (to_device_of(one, y).repeat(self.copies - 1).view(like) for one in self.moments)
            copied[:, number:] = mean + deviation * drawn
        return copied

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, M·T, ...) -> (B, T, ...), the mean over the copies, or the first."""
        copies = outputs.unflatten(1, (self.copies, -1))
        return copies[:, 0] if self.single else copies.mean(1)
