"""Plain numbers of samples, as a model without a network reads them."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from bench.errors import BenchError

CELLS = 8  # a side
TOGETHER = 256  # pictures that are read at once


def plain_rows(x: Any) -> Tensor:
    """Inputs (N, F) as they are; of pictures (N, C, H, W) the mean of each of 8 x 8 cells, (N, 64 C); float64.

    Raises:
        BenchError: they have another shape.

    >>> plain_rows(torch.ones(3, 1, 32, 32)).shape
    torch.Size([3, 64])
    """
    if len(x.shape) == 2:
        return torch.as_tensor(x[:]).double()
    if len(x.shape) != 4:
        raise BenchError(f"inputs of shape {tuple(x.shape)} have no plain features; define Dataset.plain_features")
    parts = torch.arange(len(x)).split(TOGETHER)
    return torch.cat([adaptive_avg_pool2d(x[rows].double(), CELLS).flatten(1) for rows in parts])
