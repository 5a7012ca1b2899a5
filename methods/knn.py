"""Nearest neighbours: the mean label of the k training samples that are nearest in standardised plain features.

Follows scikit-learn's KNeighborsRegressor.
Differs: nothing.
"""

from collections.abc import Iterable
from typing import Any

from bench.bases.reference import Known, Reference

NEIGHBOURS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)


class NearestNeighbours(Reference):
    """The validation split chooses among ten k from 1 to 89, those that training has samples for. No parameters."""

    def models(self, known: Known) -> Iterable[Any]:
        """One a number of neighbours."""
        from sklearn.neighbors import KNeighborsRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        for k in NEIGHBOURS:
            if k == 1 or k <= len(known.x):
                yield make_pipeline(StandardScaler(), KNeighborsRegressor(k))
