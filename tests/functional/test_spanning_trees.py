"""Spanning trees: ties in row-major order, and lengths of another library."""

import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree

from bench.functional.pair_distances import pair_distances
from bench.functional.spanning_trees import _boruvka, spanning_trees


def kruskal(distances: np.ndarray) -> set[tuple[int, int]]:
    n = len(distances)
    group, edges = list(range(n)), set()
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    for i, j in sorted(pairs, key=lambda pair: distances[pair]):
        if (a := group[i]) != (b := group[j]):
            edges.add((i, j))
            group = [a if g == b else g for g in group]
    return edges


@pytest.mark.parametrize("trees", [spanning_trees, _boruvka])
@pytest.mark.parametrize("labels", [1, 3, 8, 1000])
def test_trees_take_equal_distances_in_row_major_order(labels: int, trees) -> None:
    rng = np.random.default_rng(labels)
    x = rng.integers(labels, size=(40, 2)).astype(float)
    distances = np.abs(x[:, None] - x).sum(2)
    subsets = [torch.from_numpy(rng.permutation(40)[:n]) for n in (1, 2, 3, 30, 40)]
    for rows, edges in zip(subsets, trees(torch.from_numpy(distances), subsets), strict=True):
        assert edges.shape == (2, len(rows) - 1)
        place = {int(row): i for i, row in enumerate(rows)}
        found = {tuple(sorted((place[i], place[j]))) for i, j in edges.T.tolist()}
        assert found == kruskal(distances[np.ix_(rows, rows)])


def test_tree_lengths_are_those_of_another_library() -> None:
    x = torch.randn(150, 64, generator=torch.Generator().manual_seed(4))
    rows = torch.randperm(150, generator=torch.Generator().manual_seed(5))[:90]
    (edges,) = spanning_trees(pair_distances(x), [rows])
    expected = minimum_spanning_tree(torch.cdist(x[rows].double(), x[rows].double()).numpy()).sum()
    assert (x[edges[0]] - x[edges[1]]).double().norm(dim=1).sum().item() == pytest.approx(expected, rel=1e-6)
