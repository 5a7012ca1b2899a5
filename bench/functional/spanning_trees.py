"""Minimum spanning trees of dense distance matrices: compiled at first use on the host, in a few passes on a GPU."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.functional.devices import is_on_host, to_device_of


def spanning_trees(distances: Tensor, subsets: Sequence[Tensor]) -> list[Tensor]:
    """Edges of the minimum spanning tree over each subset of rows, (N, N) and (n,) int64 -> (2, n-1) row numbers of N.

    Among equal distances the pair that comes first, row by row in the order of the subset, is taken first: the
    tree of Kruskal's algorithm after a stable sort. Subsets lie on the host, the trees beside the distances.
    """
    distances = distances.detach()
    if is_on_host(distances):
        return [torch.from_numpy(_compiled()(distances.numpy(), rows.numpy())) for rows in subsets]
    return _boruvka(distances, subsets)


def _boruvka(distances: Tensor, subsets: Sequence[Tensor]) -> list[Tensor]:
    # every component takes its shortest way out, all at once: log n rounds, and nothing that the host waits for
    sizes = [len(rows) for rows in subsets]
    n = max(sizes)
    rows = to_device_of(torch.nn.utils.rnn.pad_sequence(list(subsets), batch_first=True), distances)  # (S, n)
    vertex = torch.arange(n, device=distances.device).expand(len(rows), n)
    length = distances[rows[:, :, None], rows[:, None, :]].nan_to_num(torch.finfo(distances.dtype).max)
    real = vertex < to_device_of(torch.tensor(sizes), distances)[:, None]
    usable = (real[:, :, None] & real[:, None, :]).triu(1)
    order = length.masked_fill(~usable, torch.inf).flatten(1).argsort(dim=1, stable=True)
    never = n * n
    ranks = torch.empty_like(order).scatter(1, order, torch.arange(never, device=order.device).expand_as(order))
    ranks = ranks.view(-1, n, n).triu(1)
    ranks, component = ranks + ranks.mT, vertex  # (S, n, n): no two pairs share a rank
    taken = torch.zeros(len(rows), never + 1, dtype=torch.int8, device=order.device)
    for _ in range(rounds := max(n - 1, 1).bit_length()):
        inside = component[:, :, None] == component[:, None, :]
        best, to = ranks.masked_fill(inside, never).min(2)
        least = torch.full_like(best, never).scatter_reduce(1, component, best, "amin")
        out = (best == least.gather(1, component)) & (best < never)  # one vertex of each component
        taken.scatter_(1, best.where(out, never), 1)
        parent = torch.cat([vertex, vertex[:, :1]], 1)  # the last one for those that are not the way out
        parent = parent.scatter(1, component.where(out, n), component.gather(1, to))[:, :n]
        # of two that chose each other, the lower one stays
        parent = vertex.where((parent.gather(1, parent) == vertex) & (vertex < parent), parent)
        for _ in range(rounds):
            parent = parent.gather(1, parent)
        component = parent.gather(1, component)
    edges = order.gather(1, taken[:, :never].argsort(dim=1, descending=True, stable=True)[:, : n - 1])
    pairs = torch.stack([rows.gather(1, edges // n), rows.gather(1, edges % n)], 1)
    return [pair[:, : size - 1] for pair, size in zip(pairs, sizes, strict=True)]


@functools.cache
def _compiled() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    from numba import njit  # half a second, so not before it is needed

    try:
        kept: Any = njit(_prim, cache=True)
    except RuntimeError:  # no folder to keep the compiled code in
        return njit(_prim)
    if _works(kept):
        return kept
    _remove_kept(kept)  # damaged, or on a full disk
    anew: Any = njit(_prim, cache=True)
    return anew if _works(anew) else njit(_prim)


def _works(compiled: Any) -> bool:
    # whatever numba and pickle make of bytes that are not theirs; the call compiles, or reads what is kept
    try:
        for dtype in (np.float32, np.float64):
            compiled(np.zeros((1, 1), dtype), np.zeros(1, np.int64))
    except Exception:
        return False
    return True


def _remove_kept(compiled: Any) -> None:
    for path in Path(compiled.stats.cache_path).glob(f"{Path(__file__).stem}.{_prim.__name__}-*.nb[ic]"):
        with contextlib.suppress(OSError):
            path.unlink()


def _prim(distances: np.ndarray, rows: np.ndarray) -> np.ndarray:
    n = len(rows)
    edges = np.empty((2, max(n - 1, 0)), np.int64)
    near = np.full(n, np.inf)  # of each open row: distance to the tree,
    parent = np.zeros(n, np.int64)  # the row of the tree that has it,
    is_open = np.ones(n, np.bool_)
    new = 0  # the row that has just joined
    for k in range(n - 1):
        is_open[new] = False
        best = -1
        for v in range(n):
            if not is_open[v]:
                continue
            gap = distances[rows[new], rows[v]]
            # pairs are told apart by (distance, lower position, upper position), which no two share
            if gap < near[v] or k == 0:
                near[v], parent[v] = gap, new
            elif gap == near[v]:
                low, high = min(new, v), max(new, v)
                old_low, old_high = min(parent[v], v), max(parent[v], v)
                if low < old_low or (low == old_low and high < old_high):
                    parent[v] = new
            if best < 0 or near[v] < near[best]:
                best = v
            elif near[v] == near[best]:
                low, high = min(parent[v], v), max(parent[v], v)
                old_low, old_high = min(parent[best], best), max(parent[best], best)
                if low < old_low or (low == old_low and high < old_high):
                    best = v
        edges[0, k], edges[1, k] = rows[parent[best]], rows[best]
        new = best
    return edges
