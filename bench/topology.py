"""How far the spanning trees of features and targets disagree, and how their lengths grow with the sample."""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from bench.distances import pair_distances
from bench.trees import spanning_tree

Form = Literal["norm", "entry"]
MOST_ROWS = 1024  # of a dense batch's pixels, so many are compared


class Pairs:
    """Distances between the rows of a batch in both spaces, with the two terms that read trees from them.

    Only the choice of the tree runs on the host; the gradient flows through the lengths of its edges.
    """

    def __init__(self, features: Tensor, targets: Tensor) -> None:
        self.features, self.targets = features, targets.detach().double()
        self.z, self.y = pair_distances(features), pair_distances(self.targets)  # (B, B), float64
        self._host_z, self._host_y = (d.detach().cpu().numpy() for d in (self.z, self.y))

    def topology(self, rows: Tensor | None = None, form: Form = "norm", one_sided: bool = False) -> Tensor:
        """The topology term over some rows (n,), all by default; see `topology`."""
        if rows is None:
            rows = torch.arange(len(self.features))
        target_tree = spanning_tree(self._host_y, rows.numpy())
        if not self._host_y[tuple(target_tree)].any():  # one row, or all labels equal: there is no tree to keep
            return self.features.sum() * 0
        here = rows.to(self.z.device)
        scale_z, scale_y = _size(self.features[here], form), _size(self.targets[here], form)
        trees = [target_tree] if one_sided else [target_tree, spanning_tree(self._host_z, rows.numpy())]
        i, j = self._edges(trees)
        gap = self.z[i, j] / scale_z - self.y[i, j] / scale_y
        return (gap.square().sum() / (len(rows) - 1)).to(self.features.dtype)

    def dimension(self, subsets: list[Tensor]) -> Tensor:
        """The persistent-homology dimension term over subsets of rows; see `ph_dimension`."""
        rows = [subset.cpu().numpy() for subset in subsets]
        z, y = self._lengths(self.z, self._host_z, rows), self._lengths(self.y, self._host_y, rows)
        some = (z != 0) & (y != 0)
        growth = torch.log(torch.where(some, z, 1) / torch.where(some, y, 1))
        sizes = torch.tensor([len(r) for r in rows], dtype=torch.double, device=z.device).clamp(min=1).log()
        spread = torch.where(some, sizes - (sizes * some).sum() / some.sum().clamp(min=1), 0)
        square = spread.square().sum()
        slope = (spread * growth).sum() / torch.where(square > 0, square, 1)
        return slope.abs().to(self.features.dtype)

    def _lengths(self, distances: Tensor, host: np.ndarray, subsets: list[np.ndarray]) -> Tensor:
        trees = [spanning_tree(host, rows) for rows in subsets]
        edges = distances[self._edges(trees)]
        return torch.stack([part.sum() for part in edges.split([tree.shape[1] for tree in trees])])

    def _edges(self, trees: list[np.ndarray]) -> tuple[Tensor, ...]:
        return torch.from_numpy(np.concatenate(trees, axis=1)).to(self.z.device).unbind()


def topology(features: Tensor, targets: Tensor, form: Form = "norm", one_sided: bool = False) -> Tensor:
    """Mean squared gap between the two spaces' distances along the target tree, plus along the feature tree.

    (B, D), (B, T) -> (). Each space is divided by its largest row norm, or by its largest entry in the AgeDB
    form; one_sided keeps the target tree alone. 0 where all targets are equal.
    """
    return Pairs(features, targets).topology(None, form, one_sided)


def ph_dimension(features: Tensor, targets: Tensor, subsets: list[Tensor]) -> Tensor:
    """Absolute slope, in log n, of the log ratio of tree lengths over subsets of n rows, as a scalar.

    Args:
        features, targets: (B, D), (B, T).
        subsets: row numbers of each subset. One whose tree has no length in a space is left out; fewer than
            two sizes give 0.
    """
    return Pairs(features, targets).dimension(subsets)


def draw_rows(n: int, rows: int | None, generator: torch.Generator) -> Tensor | None:
    """Rows for the topology term, as published: some of all but the last; None, meaning all, stays None."""
    return None if rows is None else torch.randperm(max(n - 1, 1), generator=generator)[:rows]


def thin(z: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The batch, or MOST_ROWS of its rows where it has more; (B, D), (B, T) -> the same with fewer rows."""
    if len(z) <= MOST_ROWS:
        return z, y
    keep = torch.randperm(len(z), generator=generator)[:MOST_ROWS].to(z.device)
    return z[keep], y[keep]


def _size(x: Tensor, form: Form) -> Tensor:
    size = torch.linalg.vector_norm(x, dim=1).amax() if form == "norm" else x.amax()
    return torch.where(size == 0, 1, size).double()
