"""Forest: the mean of extremely randomised trees on plain features, with the library's defaults.

Geurts et al., Extremely Randomized Trees, Machine Learning 2006.
Follows scikit-learn's ExtraTreesRegressor.
Differs: nothing.
"""

from collections.abc import Iterable
from typing import Any

from bench.bases.reference import Known, Reference


class Forest(Reference):
    """100 trees, grown until each leaf is pure, all targets at once; the thresholds are drawn. No parameters."""

    seeded = True

    def models(self, known: Known) -> Iterable[Any]:
        """One."""
        from sklearn.ensemble import ExtraTreesRegressor

        yield ExtraTreesRegressor(random_state=known.seed)
