"""Constant: the same prediction for every sample, what labels alone give.

Follows scikit-learn's DummyRegressor.
Differs: nothing.
"""

from collections.abc import Iterable
from typing import Any, Literal

from bench.bases.reference import Known, Reference
from bench.dataset import Dataset


class Constant(Reference):
    """Median or mean of the training labels, target by target; of depth maps, of the pixels that count.

    Args:
        of: "metric" takes the median where the dataset's first metric is the mean absolute error, which it makes
            smallest, else the mean, as squared errors ask for.
    """

    def __init__(self, of: Literal["metric", "median", "mean"] = "metric") -> None:
        self.of = of

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """It is defined everywhere, as it reads no inputs."""
        del dataset

    def models(self, known: Known) -> Iterable[Any]:
        """One."""
        from sklearn.dummy import DummyRegressor

        usual = "median" if known.metric == "mae" else "mean"
        yield DummyRegressor(strategy=usual if self.of == "metric" else self.of)
