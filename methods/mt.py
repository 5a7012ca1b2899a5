"""Multiple targets (MT): the head predicts M copies of the target, the prediction is their mean.

Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, section 4.1.
Follows the paper; its code for this part was not released.
Differs: nothing; where the paper does not state M (coordinates) we take its 8.
"""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor, nn

from bench.method import Method
from bench.ranges import Several


class MultipleTargets(Method):
    """More regressors over one feature tighten it; the copies start from their own draws.

    Args:
        copies: M, the number of copies of each target.
    """

    origins: ClassVar = {
        "": "paper, table 5 (ages); for other data ours",
    }

    def __init__(self, copies: Several = 8) -> None:
        super().__init__()
        self.copies = copies

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """M·T outputs where there were T."""
        return make(self.copies * targets)

    def targets(self, y: Tensor) -> Tensor:
        """(B, T, ...) -> (B, M·T, ...), copy after copy; the loss averages over B·M."""
        return y.repeat(1, self.copies, *(1,) * (y.dim() - 2))

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, M·T, ...) -> (B, T, ...), the mean over the copies."""
        return outputs.unflatten(1, (self.copies, -1)).mean(1)
