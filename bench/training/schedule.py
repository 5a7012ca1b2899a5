"""Which rows make each batch, and how the learning rate moves over the epochs."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from bench.protocol import Protocol


def batches(order: Tensor, protocol: Protocol) -> Iterator[Tensor]:
    """The rows of an epoch (N,) in batches of the protocol's size; a short last one is dropped where it says so."""
    size = protocol.batch_size
    if size is None:
        yield order
        return
    for index in order.split(size):
        if not protocol.drop_last or len(index) == size or len(order) < size:
            yield index


def set_rate(optimizer: torch.optim.Optimizer, protocol: Protocol, epoch: int) -> None:
    """The learning rate of an epoch, counted from 1, for every group that is scheduled."""
    if not protocol.milestones and protocol.cosine_floor is None:
        return
    factor = protocol.gamma ** sum(epoch > milestone for milestone in protocol.milestones)
    if protocol.cosine_floor is not None:
        wave = (1 + math.cos(math.pi * epoch / protocol.epochs)) / 2
        factor = protocol.cosine_floor + (1 - protocol.cosine_floor) * wave
    for group in optimizer.param_groups:
        if group["scheduled"]:
            group["lr"] = group["initial_lr"] * factor
