"""Terms are computed in float32 at least; half precision goes in and comes out."""

from typing import Any

import torch
from torch import Tensor


def widened(rows: Tensor) -> Tensor:
    """Features as float32, or as they are where they are as wide; (B, ..., D) -> (B, ..., D).

    The gradient of a row that its own type cannot hold is 0: that of a row of zeros, which has no direction to be
    pulled in, is divided by the floor of its norm, and float16 ends at 65504.

    >>> widened(torch.ones(2, 3, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    wide = torch.promote_types(rows.dtype, torch.float32)
    return rows if rows.dtype == wide else _Widened.apply(rows, wide)  # type: ignore[return-value]


class _Widened(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, wide: torch.dtype) -> Tensor:
        ctx.narrow = rows.dtype
        return rows.to(wide)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        narrow = grad.to(ctx.narrow)
        return narrow.where(narrow.isfinite().all(-1, keepdim=True), 0), None
