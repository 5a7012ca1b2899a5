"""Minimum spanning trees of dense distance matrices, compiled at first use."""

import functools
from collections.abc import Callable

import numpy as np


def spanning_tree(distances: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Edges of the minimum spanning tree over some rows, (N, N) and (n,) int64 -> (2, n-1) row numbers of N.

    Among equal distances the pair that comes first, row by row in the order of `rows`, is taken first: the
    tree of Kruskal's algorithm after a stable sort.
    """
    return _compiled()(distances, rows)


@functools.cache
def _compiled() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    from numba import njit  # half a second, so not before it is needed

    try:
        return njit(_prim, cache=True)
    except RuntimeError:  # no folder to keep the compiled code in
        return njit(_prim)


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
