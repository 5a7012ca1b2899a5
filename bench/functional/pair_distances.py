"""Euclidean distances between the rows of a batch, exact enough to tell near duplicates apart.

A matrix product gives all of them at once; in float64 its rounding stays below what float32 features carry.
"""

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

NARROW = 32  # up to this width differences are as cheap as a product, and ties stay ties


def pair_distances(x: Tensor) -> Tensor:
    """Distances between rows, (n, D) -> (n, n) in float64, with the gradient 0 where rows are equal."""
    if x.shape[1] <= NARROW:
        return torch.cdist(x.double(), x.double(), compute_mode="donot_use_mm_for_euclid_dist")
    return _Wide.apply(x)  # type: ignore[no-any-return]


class _Wide(torch.autograd.Function):
    """Distances by |a|² + |b|² - 2ab about the mean row; the gradient is one more product."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        dtype, x = x.dtype, x.to(torch.double, copy=True)
        x -= x.mean(0)
        product = x @ x.T
        square = product.diagonal()
        both = square[:, None] + square
        gap = both - product - product.T  # exactly symmetric, exactly 0 on the diagonal
        gap = torch.where(gap <= 1e-13 * both, 0, gap).sqrt_()
        # the gradient's rounding is that of the features themselves, so their precision will do
        ctx.save_for_backward(x.to(torch.promote_types(dtype, torch.float32)), gap)
        ctx.dtype = dtype  # type: ignore[attr-defined]
        return gap

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, grad: Tensor) -> Tensor:  # type: ignore[override]
        x, gap = ctx.saved_tensors  # type: ignore[attr-defined]
        pull = torch.where(gap > 0, (grad + grad.T) / gap, 0)
        laplacian = torch.diag(pull.sum(1)) - pull
        return (laplacian.to(x.dtype) @ x).to(ctx.dtype)  # type: ignore[attr-defined]
