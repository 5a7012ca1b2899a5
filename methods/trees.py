"""Gradient-boosted trees on plain features, with the library's defaults.

Follows scikit-learn's HistGradientBoostingRegressor.
Differs: one model a target; no early stopping, which the library turns on above 10,000 samples.
"""

from collections.abc import Iterable
from typing import Any

from bench.bases.reference import Known, Reference


class Trees(Reference):
    """Squared error, 100 trees of at most 31 leaves, rate 0.1; nothing is drawn, so one seed is all. No parameters."""

    def models(self, known: Known) -> Iterable[Any]:
        """One."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.multioutput import MultiOutputRegressor

        boosted: Any = HistGradientBoostingRegressor  # its stubs know no False
        trees = boosted(early_stopping=False, random_state=known.seed)
        yield trees if known.y.shape[1] == 1 else MultiOutputRegressor(trees)
