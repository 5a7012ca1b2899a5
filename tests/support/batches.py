"""Small batches, and methods prepared on made-up labels."""

import torch

from bench.method import Batch, Task
from bench.protocol import Protocol

LABELS = {
    "one": torch.tensor([[3.0]]),
    "all equal": torch.full((6, 1), 3.0),
    "all distinct": torch.arange(6.0)[:, None],
    "two": torch.tensor([[3.0], [4.0]]),
    "one repeat": torch.tensor([[3.0], [4.0], [4.0]]),
}
FAR_LABELS = {
    "one": torch.tensor([[3.0]]),
    "two": torch.tensor([[3.0], [40.0]]),
    "all equal": torch.full((6, 1), 3.0),
    "all distinct": 10 * torch.arange(6.0)[:, None],
    "one repeat": torch.tensor([[3.0], [40.0], [40.0]]),
}


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def prepared(method, labels, bins=None, shift=0.0, scale=1.0, width=5, seed=0):
    """The method after `prepare`; `seed` is of the global generator, None leaves that alone."""
    if seed is not None:
        torch.manual_seed(seed)
    y = (labels - shift) / scale
    method.prepare(Task(labels, y, shift, scale, width, bins, Protocol(), torch.Generator().manual_seed(1)))
    return method


def batch_of(z, y, y_hat=None, views=None, w=None, stage="train"):
    y_hat = y if y_hat is None else y_hat
    return Batch(y=y, w=w, z=z, outputs=y_hat, targets=y, predict=lambda o: o, views=views, stage=stage)


def gradient_of(loss, z):
    return torch.autograd.grad(loss, z)[0]
