"""References: what a simple model reaches on a dataset's plain features, to know what the methods' numbers are worth.

A reference is no method: no network, no protocol, no epochs. A subclass in methods/NAME.py is found by its file name.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.dataset import Dataset
from bench.metrics import METRICS
from bench.protocol import Protocol


@dataclass(frozen=True)
class Known:
    """What a reference is fitted on, in float64: everything but the test split.

    Args:
        x, x_val: plain features (N, F) of the training and the validation split.
        y, y_val: their labels (N, T), in label units.
        metric: the dataset's first one, by which the validation split decides.
    """

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    metric: str
    seed: int


class Reference:
    """Base of all references: models of scikit-learn, of which the validation split keeps one.

    `seeded` says that seeds differ; without it there is one, 0. `imports` are done once for all cells of a run.

    >>> from sklearn.dummy import DummyRegressor
    >>> class Lowest(Reference):
    ...     def models(self, known):
    ...         yield DummyRegressor(strategy="quantile", quantile=0.0)
    >>> lowest, column = Lowest(), np.array([[3.0], [5.0]])
    >>> lowest.fit(Known(column, column, column, column, "mae", 0))
    >>> lowest.predict(column).tolist()
    [[3.0], [3.0]]
    """

    seeded: ClassVar[bool] = False
    imports: ClassVar[tuple[str, ...]] = ("sklearn.ensemble", "sklearn.feature_extraction.text", "sklearn.pipeline")
    defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {}  # as of a method
    origins: ClassVar[Mapping[str, str]] = {"": "ours"}

    @classmethod
    def defaults_for(cls, dataset: str, protocol: Protocol) -> Mapping[str, object]:
        """Values that replace the constructor's defaults on one dataset."""
        del dataset, protocol
        return {}

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Why this reference is not defined on a dataset; None where it is."""
        return "a picture's plain features say nothing of a single pixel of its map" if dataset.dense_targets else None

    def models(self, known: Known) -> Iterable[Any]:
        """New models with scikit-learn's `fit` and `predict`; of several, validation keeps the best, or the first."""
        raise NotImplementedError

    def fit(self, known: Known) -> None:
        """Fit all models on the training rows and keep one."""
        y = known.y[:, 0] if known.y.shape[1] == 1 else known.y  # as scikit-learn wants it
        models = [model.fit(known.x, y) for model in self.models(known)]
        self.model = models[0] if len(models) == 1 else min(models, key=lambda model: _error(model, known))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predictions in label units, (N, F) -> (N, T)."""
        return self.model.predict(x).reshape(len(x), -1)


def _error(model: Any, known: Known) -> float:
    metric = METRICS[known.metric]
    value = metric.function(model.predict(known.x_val).reshape(known.y_val.shape), known.y_val)
    return metric.sort_key(value if math.isfinite(value) else None)
