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
    """

    z: Array
    labels: Array
    start: Array | None = None
    head: Array | None = None

    def sample(self, most: int) -> "Kept":
        """At most so many of its rows, the same ones of every record with as many rows."""
        if len(self.z) <= most:
            return self
        rows = np.sort(np.random.default_rng(0).permutation(len(self.z))[:most])
        start = None if self.start is None else self.start[rows]
        return replace(self, z=self.z[rows], labels=self.labels[rows], start=start)

    def distances(self, metric: Metric = "euclidean") -> Array:
        """Between the features of all pairs of rows, (n (n - 1) / 2,); the cosine of a zero is 0."""
        found = pdist(self.z, metric)
        return np.nan_to_num(found, nan=1.0) if metric == "cosine" else found

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
