"""The distinct labels of a batch, found without the host waiting for a GPU to count them."""

from typing import NamedTuple

import torch
from torch import Tensor

from bench.functional.devices import is_on_host


class Distinct(NamedTuple):
    """K distinct labels in ascending order, or in their own where none repeats.

    On a GPU there are as many slots as labels were given, K = B, and `present` (K,) tells which are in use.
    """

    labels: Tensor  # (K, T)
    own: Tensor  # (B,) the slot of each label
    count: Tensor  # (K,) how often it occurs
    present: Tensor | None  # None where all slots are in use

    @property
    def number(self) -> Tensor | int:
        """Of the slots in use."""
        return len(self.labels) if self.present is None else self.present.sum()


def distinct(labels: Tensor, counts: Tensor | None = None) -> Distinct:
    """The distinct rows of (B, T); on a GPU, of those where counts (B,) is True."""
    itself = torch.arange(len(labels), device=labels.device)
    if is_on_host(labels):
        values, own, count = labels.unique(dim=0, return_inverse=True, return_counts=True)
        if len(values) == len(labels):
            values, own, count = labels, itself, torch.ones_like(itself)
        return Distinct(values, own, count, None)
    if counts is not None:
        labels = labels.masked_fill(~counts[:, None], torch.inf)  # a slot of their own, not present
    order = itself
    for column in reversed(labels.unbind(1)):
        order = order[column[order].argsort(stable=True)]
    new = (labels[order[1:]] != labels[order[:-1]]).any(1)
    order = torch.where(new.all(), itself, order)
    slot = torch.cat([new.new_zeros(1), new]).cumsum(0)
    own = torch.empty_like(slot).scatter(0, order, slot)
    count = torch.zeros_like(slot).index_add(0, own, torch.ones_like(own))
    first = (count.cumsum(0) - count).clamp(max=len(labels) - 1)
    values = labels[order[first]]
    return Distinct(values, own, count, (count > 0) & values[:, 0].isfinite())
