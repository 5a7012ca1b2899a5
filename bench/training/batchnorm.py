"""Batch normalisation as on several GPUs: each part of a batch is normalised by itself."""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]


def split_batchnorm(network: nn.Module, parts: int) -> nn.Module:
    """Have batch normalisation in a network see each of so many parts of a batch alone in training, in place.

    As `torch.nn.DataParallel` cuts a batch, and with the running statistics of its first replica, which alone are kept.

    >>> norm = split_batchnorm(nn.BatchNorm1d(1, affine=False), 2)
    >>> norm(torch.tensor([[0.0], [2.0], [5.0], [5.0]])).flatten().round().abs()
    tensor([1., 1., 0., 0.])
    >>> norm.running_mean
    tensor([0.1000])
    """
    if parts > 1:
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.__class__ = _split(type(module), parts)
    return network


def _cut(batch: Tensor, parts: int) -> tuple[Tensor, ...]:
    # no part of one row, which has no deviation
    found = batch.chunk(parts)
    return found if len(found) == 1 or len(found[-1]) > 1 else _cut(batch, len(found) - 1)


@cache
def _split(kind: type[_BatchNorm], parts: int) -> type[_BatchNorm]:
    def forward(self: Any, x: Tensor) -> Tensor:
        if not self.training:
            return kind.forward(self, x)
        first, *others = _cut(x, parts)
        made = [kind.forward(self, first)]
        momentum, seen = self.momentum, self.num_batches_tracked
        self.momentum, self.num_batches_tracked = 0.0, None  # the others move nothing
        try:
            made += [kind.forward(self, part) for part in others]
        finally:
            self.momentum, self.num_batches_tracked = momentum, seen
        return torch.cat(made)

    return type(f"Split{kind.__name__}", (kind,), {"forward": forward})
