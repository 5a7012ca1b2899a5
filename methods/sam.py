"""SAM: step by the gradient at the nearby weights where the loss is largest, to first order.

Foret et al., Sharpness-Aware Minimization for Efficiently Improving Generalization, ICLR 2021, arXiv:2010.01412.
Follows the paper, algorithm 1 with p = 2.
Differs: the method's own parameters move with the network's; batch statistics see both passes.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from bench.method import Method
from bench.ranges import Positive


class SAM(Method):
    """Two passes a step. Args: rho: distance to the nearby weights, over all parameters together."""

    origins: ClassVar = {"": "paper, section 3.1"}
    candidates: ClassVar = tuple({"rho": rho} for rho in (0.01, 0.02, 0.05, 0.1, 0.2))

    def __init__(self, rho: Positive = 0.05) -> None:
        super().__init__()
        self.rho = rho

    def step(self, optimizer: torch.optim.Optimizer, backward: Callable[[], Tensor]) -> Tensor:
        """Up along the gradient, back to where it was, down along the gradient from there; the first pass's loss."""
        loss = backward()
        moved = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        kept, up = [p.detach().clone() for p in moved], [p.grad for p in moved]
        scale = self.rho / (torch.stack([grad.norm() for grad in up]).norm() + 1e-12)
        for p, grad in zip(moved, up, strict=True):
            p.detach().add_(grad * scale)
        backward()
        for p, value in zip(moved, kept, strict=True):
            p.detach().copy_(value)
        optimizer.step()
        return loss
