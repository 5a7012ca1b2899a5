"""Linear: ridge regression on standardised plain features.

Follows scikit-learn's Ridge.
Differs: nothing.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.bases.reference import Known, Reference


class Linear(Reference):
    """The penalty is one of 17 from 1e-10, next to none, to 1e6; the validation split chooses. No parameters."""

    def models(self, known: Known) -> Iterable[Any]:
        """One a penalty, by singular values: features may depend on each other."""
        del known
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        for alpha in np.logspace(-10, 6, 17):
            yield make_pipeline(StandardScaler(), Ridge(alpha, solver="svd"))
