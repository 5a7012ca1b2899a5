"""Uniformity: how much of the sphere of directions features cover, and how evenly they run through it.

Enveloping and homogeneity are the geometric constraints of Wu et al., Improve Representation for Imbalanced Regression
through Geometric Constraints, CVPR 2025 (SRL), taken of the features themselves where SRL takes a projection. The trace
runs over unit centres of 100 bins of the label; several targets have none, and each row is a centre of its own. The
mean of Gaussian potentials is that of Wang and Isola, Understanding Contrastive Representation Learning, ICML 2020.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import pdist

from bench.analysis import Analysis, Array, Kept

BINS, POINTS = 100, 2000


class Uniformity(Analysis):
    """Enveloping, homogeneity and Gaussian potential of unit features."""

    measures: ClassVar = {
        "enveloping": f"mean cosine of {POINTS} random directions with the nearest centre; high: more is covered",
        "homogeneity": "squared steps from centre to centre over their gap in bins, summed; low: short and even",
        "potential": "log of the mean of exp(-2 d²) over pairs of unit features; low: uniform",
    }

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """The three of them; no homogeneity of several targets."""
        z = unit(kept.z)
        found = {"potential": float(np.log(np.exp(-2 * pdist(z, "sqeuclidean")).mean()))}
        points = unit(np.random.default_rng(0).standard_normal((POINTS, z.shape[1])))
        if kept.labels.shape[1] > 1:
            return {**found, "enveloping": enveloping(z, points)}
        centres, bins = trace(z, kept.labels[:, 0])
        return {**found, "enveloping": enveloping(centres, points), "homogeneity": homogeneity(centres, bins)}


def unit(z: Array) -> Array:
    """Rows of length 1; a zero stays."""
    lengths = np.linalg.norm(z, axis=1, keepdims=True)
    return z / np.where(lengths, lengths, 1.0)


def trace(z: Array, labels: Array, bins: int = BINS) -> tuple[Array, Array]:
    """Unit centres of the bins that have rows, in order, (K, D), and the numbers of these bins, (K,).

    >>> trace(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([5.0, 0.0]), bins=10)
    (array([[1. , 0. ],
           [0.6, 0.8]]), array([0, 9]))
    """
    low, width = labels.min(), np.ptp(labels) / bins
    index = np.minimum((labels - low) / width, bins - 1).astype(int) if width else np.zeros(len(labels), int)
    there, own = np.unique(index, return_inverse=True)
    sums = np.zeros((len(there), z.shape[1]))
    np.add.at(sums, own, unit(z))
    return unit(sums), there


def enveloping(centres: Array, points: Array) -> float:
    """Mean over points of the cosine with the nearest centre; unit rows (K, D), (n, D).

    >>> enveloping(np.eye(2), np.array([[1.0, 0.0], [0.6, 0.8]]))
    0.9
    """
    return float((points @ centres.T).max(axis=1).mean())


def homogeneity(centres: Array, bins: Array) -> float:
    """Sum of squared steps from centre to centre, each over its gap in bins.

    >>> homogeneity(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 4]))
    0.5
    """
    steps = np.diff(centres, axis=0)
    return float(((steps**2).sum(1) / np.diff(bins)).sum()) if len(steps) else np.nan
