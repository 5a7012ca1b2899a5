"""Ordinality: are features as far apart as labels are? Rank correlations between the two distances, over all pairs.

Table 4 of Zhang et al., Improving Deep Regression with Tightness, ICLR 2025; it takes 1000 rows too.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from bench.analysis import Analysis, Array, Kept, Metric

METRICS: dict[Metric, str] = {"euclidean": "Euclidean", "cosine": "cosine"}


class Ordinality(Analysis):
    """Rank correlation of feature distances with label distances."""

    measures: ClassVar = {
        f"{name}_{metric}": f"{name.title()}'s correlation of {word} distances with those of labels; 1: in order"
        for metric, word in METRICS.items()
        for name in ("spearman", "kendall")
    }

    def measure(self, kept: Kept) -> Mapping[str, float]:
        """Spearman's and Kendall's coefficients for both distances."""
        found: dict[str, float] = {}
        for metric in METRICS:
            rho, tau = order(kept.distances(metric), kept.label_distances())
            found |= {f"spearman_{metric}": rho, f"kendall_{metric}": tau}
        return found


def order(distances: Array, label_distances: Array) -> tuple[float, float]:
    """Spearman's rho and Kendall's tau-b of two lists; nan where one of them is constant.

    >>> order(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    (1.0, 1.0)
    """
    if not (np.ptp(distances) and np.ptp(label_distances)):
        return np.nan, np.nan
    tests: tuple[Any, ...] = (stats.spearmanr, stats.kendalltau)  # scipy gives their results no types
    rho, tau = (float(test(distances, label_distances).statistic) for test in tests)
    return rho, tau
