"""What painted scenes share: colours laid over one another, and shapes made of sums, products and quotients alone.

Every processor rounds these alike, so that a row of numbers gives one picture whatever batch it is in.
"""

from collections.abc import Callable

import torch
from torch import Tensor

PIXELS = {"cpu": 2**16, "cuda": 2**24}  # painted at a time: a processor's cache holds few, a GPU wants many

Columns = dict[str, Tensor]


def in_parts(columns: Columns, edge: int, paint: Callable[[Columns, int], Tensor]) -> Tensor:
    """Pictures (B, 3, edge, edge) uint8 of columns (B,), as many at a time as a processor paints well."""
    some = next(iter(columns.values()))
    n, step = len(some), max(1, PIXELS[some.device.type] // edge**2)
    parts = [paint({name: c[i : i + step] for name, c in columns.items()}, edge) for i in range(0, n, step)]
    return torch.cat(parts) if parts else some.new_empty(0, 3, edge, edge, dtype=torch.uint8)


def colour(like: Tensor, *rgb: float) -> Tensor:
    """Red, green and blue between 0 and 1, (3, 1, 1)."""
    return like.new_tensor(rgb)[:, None, None]


def over(below: Tensor, above: Tensor, share: Tensor) -> Tensor:
    """One picture (B, 3, E, E) over another, as far as the share (B, E, E) says."""
    return below + share[:, None] * (above - below)


def bell(distance: Tensor, width: Tensor | float) -> Tensor:
    """1 at 0, 0 from the width on; without an exponential."""
    near = (1 - (distance / width).square()).clamp(min=0)
    return near * near


def wave(phase: Tensor) -> Tensor:
    """Between 0 and 1, one period a unit; without a cosine."""
    t = (phase - phase.round()).abs() * 2
    return 1 - t * t * (3 - 2 * t)
