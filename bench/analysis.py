"""What an analysis is: a few numbers that the features of a record give, by `bench run --keep features`.

A file `bench/analyses/NAME.py` with one subclass of Analysis is the analysis NAME of `bench analyse`; so is a module
that a package names by an entry point of the group `bench.analyses`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from scipy.spatial.distance import pdist

Array = np.ndarray
Metric = Literal["euclidean", "cosine"]


@dataclass(frozen=True)
class Kept:
    """Features of rows of a test split, as one record keeps them; float64.

    Args:
        z: (n, D) by the weights that are tested.
        labels: (n, T) in label units.
        start: (n, D) of the same rows by the first weights.
        head: (O, D) the weight of a linear head; None where the head is another one.
        heads: (S, O, D) that weight at the start and after epochs.
        epochs: (S,) these epochs.
        course: (S, n, D) features of the rows then, where they are narrow.
        steps: (K, O, D) by which single steps moved the weight, where features are narrow.
        iterations: (K,) before which steps.
    """

    z: Array
    labels: Array
    start: Array | None = None
    head: Array | None = None
    heads: Array | None = None
    epochs: Array | None = None
    course: Array | None = None
    steps: Array | None = None
    iterations: Array | None = None

    def sample(self, most: int) -> "Kept":
        """At most so many of its rows, the same ones of every record with as many rows."""
        if len(self.z) <= most:
            return self
        rows = np.sort(np.random.default_rng(0).permutation(len(self.z))[:most])
        start = None if self.start is None else self.start[rows]
        course = None if self.course is None else self.course[:, rows]
        return replace(self, z=self.z[rows], labels=self.labels[rows], start=start, course=course)

    def distances(self, metric: Metric = "euclidean") -> Array:
        """Between the features of all pairs of rows, (n (n - 1) / 2,); the cosine of a zero is 0."""
        found = pdist(self.z, metric)
        return np.nan_to_num(found, nan=1.0) if metric == "cosine" else found

    def turns(self) -> Array:
        """Cosine distance of each of the head's weights from what it is in the end, (S, O); of no length nan.

        >>> Kept(np.eye(2), np.eye(2), heads=np.array([[[0.0, 2.0]], [[3.0, 0.0]], [[1.0, 0.0]]])).turns().ravel()
        array([1., 0., 0.])
        """
        assert self.heads is not None
        lengths = np.linalg.norm(self.heads, axis=2)
        with np.errstate(invalid="ignore"):
            return 1 - (self.heads * self.heads[-1]).sum(2) / (lengths * lengths[-1])

    def label_distances(self) -> Array:
        """Euclidean, between the labels of the same pairs."""
        return pdist(self.labels)


class Analysis:
    """A few numbers of a record's features. The first line of its docstring is its title.

    `measures`: the name of each number, and in a few words what it is and what a high one means.

    >>> class Width(Analysis):
    ...     measures = {"width": "features of a row"}
    ...     def measure(self, kept):
    ...         return {"width": kept.z.shape[1]}
    >>> Width().measure(Kept(np.zeros((2, 3)), np.zeros((2, 1))))
    {'width': 3}
    """

    measures: ClassVar[Mapping[str, str]] = {}

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """The value of each measure; nan, or none at all, where it has none."""
        raise NotImplementedError
