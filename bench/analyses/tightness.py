"""Tightness: how little room features take, and how little of it those of equal labels take.

Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, whose Table 4 has the mean distance of all pairs for
the volume of the feature manifold. That grows with the scale of features. The spread does not: it stands for the
entropy of features given their label, H(Z|Y), where labels are too many for any two to be equal.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import squareform

from bench.analysis import Analysis, Array, Kept

NEIGHBOURS = 10  # rows of the nearest labels, which stand for equal ones


class Tightness(Analysis):
    """Volume of the features, and their spread among equal labels."""

    measures: ClassVar = {
        "volume_euclidean": "mean Euclidean distance of all pairs; low: compressed",
        "volume_cosine": "mean cosine distance of all pairs; low: compressed",
        "spread": f"mean distance to the {NEIGHBOURS} rows with the nearest labels, over that of all pairs; low: tight",
    }

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """Both volumes and the spread."""
        distances = kept.distances()
        return {
            "volume_euclidean": float(distances.mean()),
            "volume_cosine": float(kept.distances("cosine").mean()),
            "spread": spread(distances, kept.label_distances()),
        }


def spread(distances: Array, label_distances: Array, neighbours: int = NEIGHBOURS) -> float:
    """Mean distance of rows to those with the nearest labels, as a share of the mean over all pairs.

    Args:
        distances, label_distances: of all pairs, as `Kept` has them.

    >>> spread(np.array([0.0, 3.0, 3.0]), np.array([0.0, 1.0, 1.0]), neighbours=1)
    0.5
    """
    between, of_labels = squareform(distances), squareform(label_distances)
    np.fill_diagonal(of_labels, np.inf)
    nearest = np.argsort(of_labels, axis=1, kind="stable")[:, : min(neighbours, len(between) - 1)]
    mean = distances.mean()
    return float(np.take_along_axis(between, nearest, 1).mean() / mean) if mean else np.nan
