"""Task losses with sample weights, as in YyzHarry/imbalanced-regression loss.py at a6fdc45d45c0.

A row's weight multiplies its loss; the mean divides by the number of entries, not by the sum of weights.
"""

from torch import Tensor, nn

from bench.functional.shapes import as_columns
from bench.protocol import TaskLoss


def task_loss(y_hat: Tensor, y: Tensor, w: Tensor | None = None, kind: TaskLoss = "l1", beta: float = 1.0) -> Tensor:
    """Mean L1, squared or Huber loss; y_hat and y (B, ...), w (B, 1) or None -> scalar.

    Args:
        beta: where Huber turns from squared to linear, in target units: e²/(2·beta) below it.

    >>> import torch
    >>> task_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), kind="mse")
    tensor(2.)
    """
    y_hat, y, w = as_columns(y_hat, y, w)
    reduction = "mean" if w is None else "none"
    if kind == "l1":
        loss = nn.functional.l1_loss(y_hat, y, reduction=reduction)
    elif kind == "mse":
        loss = nn.functional.mse_loss(y_hat, y, reduction=reduction)
    else:
        loss = nn.functional.smooth_l1_loss(y_hat, y, reduction=reduction, beta=beta)
    return loss if w is None else (loss * w).mean()
