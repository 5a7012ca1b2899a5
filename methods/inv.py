"""Inverse re-weighting (INV): weigh samples by one over their label bin's count.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression datasets.py and sts-b-dir/tasks.py at a6fdc45d45c0.
Differs: nothing.
"""

from typing import ClassVar

from bench.bases.reweighting import Reweighting
from bench.ranges import Count, Index


class Inverse(Reweighting):
    """Fixed weights from the training labels; the mean weight of the training samples is 1.

    Args:
        low, high: counts are clipped to these; None for no upper bound.
    """

    defaults: ClassVar = {
        "agedb": {"low": 5, "high": 1000},
        "imdb_wiki": {"low": 5, "high": 1000},
    }
    origins: ClassVar = {
        "": "code for STS-B: no clipping",
        "agedb": "code",
        "imdb_wiki": "code",
    }
    ordered: ClassVar = (("low", "high"),)

    def __init__(self, low: Index = 0, high: Count | None = None) -> None:
        super().__init__()
        self.clip = (low, high)
