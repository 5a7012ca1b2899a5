"""How far the spanning trees of features and targets disagree, and how their lengths grow with the sample."""

from typing import Literal

import torch
from torch import Tensor

from bench.functional.devices import to_device_of
from bench.functional.pair_distances import pair_distances
from bench.functional.shapes import as_rows_of
from bench.functional.spanning_trees import spanning_trees

Form = Literal["norm", "entry"]


class PairDistances:
    """Distances between the rows of a batch in both spaces, with the two terms that read trees from them.

    The gradient flows through the lengths of the trees' edges.
    """

    def __init__(self, features: Tensor, targets: Tensor) -> None:
        self.features, self.targets = features, targets.detach().double()
        self.z, self.y = pair_distances(features), pair_distances(self.targets)  # (B, B), float64

    def topology(self, rows: Tensor | None = None, form: Form = "norm", one_sided: bool = False) -> Tensor:
        """The topology term over some rows (n,), all by default; see `topology`."""
        if rows is None:
            rows = torch.arange(len(self.features))
        if len(rows) < 2:
            return self.features.sum() * 0
        here = to_device_of(rows, self.z)
        scale_z, scale_y = _size(self.features[here], form), _size(self.targets[here], form)
        spaces = [self.y] if one_sided else [self.y, self.z]
        trees = [spanning_trees(space, [rows])[0] for space in spaces]
        i, j = torch.cat(trees, 1)
        gap = self.z[i, j] / scale_z - self.y[i, j] / scale_y
        term = gap.square().sum() / (len(rows) - 1)
        # where all labels are equal there is no tree to keep
        return torch.where(self.y[tuple(trees[0])].any(), term, 0).to(self.features.dtype)

    def dimension(self, subsets: list[Tensor]) -> Tensor:
        """The persistent-homology dimension term over subsets of rows; see `ph_dimension`."""
        z, y = _lengths(self.z, subsets), _lengths(self.y, subsets)
        some = (z != 0) & (y != 0)
        growth = torch.log(torch.where(some, z, 1) / torch.where(some, y, 1))
        sizes = to_device_of(torch.tensor([len(rows) for rows in subsets], dtype=torch.double).clamp(min=1).log(), z)
        spread = torch.where(some, sizes - (sizes * some).sum() / some.sum().clamp(min=1), 0)
        square = spread.square().sum()
        slope = (spread * growth).sum() / torch.where(square > 0, square, 1)
        return slope.abs().to(self.features.dtype)


def topology(features: Tensor, targets: Tensor, form: Form = "norm", one_sided: bool = False) -> Tensor:
    """Mean squared gap between the two spaces' distances along the target tree, plus along the feature tree.

    (B, D), (B, T) -> (). Each space is divided by its largest row norm, or by its largest entry in the AgeDB
    form; one_sided keeps the target tree alone. 0 where all targets are equal.

    >>> topology(torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), torch.tensor([1.0, 2.0, 9.0]))
    tensor(0.4166)
    """
    return PairDistances(features, as_rows_of(features, targets)).topology(None, form, one_sided)


def ph_dimension(features: Tensor, targets: Tensor, subsets: list[Tensor]) -> Tensor:
    """Absolute slope, in log n, of the log ratio of tree lengths over subsets of n rows, as a scalar.

    Args:
        features, targets: (B, D), (B, T).
        subsets: row numbers of each subset. One whose tree has no length in a space is left out; fewer than
            two sizes give 0.

    >>> line, curve = torch.arange(4.0), torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [2.0, 3.0]])
    >>> ph_dimension(curve, line, [torch.tensor([0, 1]), torch.arange(4)])
    tensor(0.4978)
    """
    return PairDistances(features, as_rows_of(features, targets)).dimension(subsets)


def draw_rows(n: int, rows: int | None, generator: torch.Generator) -> Tensor | None:
    """Rows for the topology term, as published: some of all but the last; None, meaning all, stays None."""
    return None if rows is None else torch.randperm(max(n - 1, 1), generator=generator)[:rows]


def _lengths(distances: Tensor, subsets: list[Tensor]) -> Tensor:
    trees = spanning_trees(distances, subsets)
    edges = distances[tuple(torch.cat(trees, 1))]
    return torch.stack([part.sum() for part in edges.split([tree.shape[1] for tree in trees])])


def _size(x: Tensor, form: Form) -> Tensor:
    size = torch.linalg.vector_norm(x, dim=1).amax() if form == "norm" else x.amax()
    return torch.where(size == 0, 1, size).double()
