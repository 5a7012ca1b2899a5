"""Updates: have features moved along the weight of a linear head alone, from the first weights to the chosen ones?

Section 5.4 of Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, which follows a depth network of two
features from its first epoch to its last, with a cosine distance of 0.03.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bench.analysis import Analysis, Array, Kept


class Updates(Analysis):
    """Directions in which training has moved the features, against the head's."""

    measures: ClassVar = {
        "along_head": "share of the squared moves within the span of the head's weights; 1: they move nowhere else",
        "principal": "cosine distance of the moves' first principal direction from that span; 0: within it",
    }

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """Nothing where the head is not linear."""
        if kept.start is None or kept.head is None:
            return {}
        moves, span = kept.z - kept.start, basis(kept.head)
        whole = (moves**2).sum()
        if not whole:
            return {}
        direction = np.linalg.svd(moves - moves.mean(0), full_matrices=False)[2][0]
        return {
            "along_head": float(((moves @ span.T) ** 2).sum() / whole),
            "principal": float(1 - np.linalg.norm(span @ direction)),
        }


def basis(head: Array) -> Array:
    """An orthonormal basis of the span of a head's weights, (O, D) -> (R, D).

    >>> basis(np.array([[0.0, 2.0], [0.0, 1.0]])).round(6) ** 2
    array([[0., 1.]])
    """
    _, lengths, directions = np.linalg.svd(head, full_matrices=False)
    return directions[lengths > 1e-7 * lengths.max(initial=0.0)]
