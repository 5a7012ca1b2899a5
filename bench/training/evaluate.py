"""Metrics of one split, overall and per shot region."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from bench import probabilistic
from bench.dataset import Dataset, Split, Splits
from bench.metrics import METRICS
from bench.relevance import relevance
from bench.results.record import Region
from bench.shots import ORDER

Given = Mapping[str, np.ndarray]  # third arguments of metrics, by their name


def metrics(
    dataset: Dataset, splits: Splits, name: str, y_hat: Tensor, columns: Mapping[str, Tensor] | None = None
) -> dict[str, Region]:
    """As the method of `Scale`, of one set of predictions."""
    return Scale(dataset, splits, name).metrics(y_hat, columns)


class Scale:
    """What predictions of one split are measured by; what its labels alone tell is worked out once.

    Args:
        name: of the split.
    """

    def __init__(self, dataset: Dataset, splits: Splits, name: str) -> None:
        self.dataset, self.split, self.seen = dataset, getattr(splits, name), splits.reference_labels()
        self._known: tuple[dict[str, np.ndarray], Given] | None = None

    def metrics(self, y_hat: Tensor, columns: Mapping[str, Tensor] | None = None) -> dict[str, Region]:
        """`{region: {metric: value or None, "n": rows}}` of the split; an empty region has n = 0 and no values.

        A metric that weighs all labels against each other, as the balanced ones do, is in the region "all" alone.

        Args:
            y_hat: predictions (N, T) in label units.
            columns: what else the method says of them, each (N, T) in label units.
        """
        predicted, labels = self.dataset.evaluation_arrays(y_hat, self.split)
        further = {name: self.dataset.evaluation_arrays(x, self.split)[0] for name, x in (columns or {}).items()}
        rows_of, known = self._of_labels(labels)
        found = {"all": _region(self.dataset.metrics, predicted, labels, further, known)}
        own = tuple(metric for metric in self.dataset.metrics if not METRICS[metric].given)
        for region, rows in rows_of.items():
            found[region] = _region(own, predicted[rows], labels[rows], {k: v[rows] for k, v in further.items()})
        return found

    def counts(self) -> dict[str, int]:
        """How many rows each region has."""
        _, labels = self.dataset.evaluation_arrays(self.split.labels, self.split)
        rows_of, _ = self._of_labels(labels)
        return {"all": len(labels), **{region: int(rows.sum()) for region, rows in rows_of.items()}}

    def _of_labels(self, labels: np.ndarray) -> tuple[dict[str, np.ndarray], Given]:
        # the rows of each region, and what metrics must know of the labels
        if self._known is None:
            regions = regions_of(self.dataset, self.split, self.seen, labels)
            rows = {} if regions is None else {region: regions == region for region in ORDER}
            rows = {region: own for region, own in rows.items() if region != "zero" or own.any()}
            self._known = rows, given(self.dataset, self.seen, labels, self.dataset.metrics)
        return self._known


def regions_of(dataset: Dataset, split: Split, seen: Tensor, labels: np.ndarray) -> np.ndarray | None:
    """Region of each row: what the split says of it, or else its label; None where the dataset has no regions.

    Args:
        seen: the training labels.
        labels: of the split, as metrics compare them.
    """
    return dataset.regions(seen.numpy(), labels) if split.regions is None else split.regions


def value(metric: str, dataset: Dataset, seen: Tensor, split: Split, y_hat: Tensor) -> float:
    """One metric over all rows of a split, nan where it has no value.

    Args:
        seen: the training labels.
        y_hat: predictions (N, T) in label units.
    """
    predicted, labels = dataset.evaluation_arrays(y_hat, split)
    return _value(metric, predicted, labels, given(dataset, seen, labels, [metric]))


def given(dataset: Dataset, seen: Tensor, labels: np.ndarray, metrics: Iterable[str]) -> Given:
    """What some metrics must know of labels beside their values: each one's bin, or its relevance in training."""
    needed = {METRICS[metric].given for metric in metrics if metric in METRICS}
    found: dict[str, np.ndarray] = {}
    if "bins" in needed and dataset.bins is not None:
        found["bins"] = dataset.bins.index(torch.from_numpy(labels)).numpy()
    if "relevance" in needed:
        found["relevance"] = relevance(seen.numpy(), labels)
    return found


def undefined(dataset: Dataset, splits: Splits, y_hat: Tensor, test: Mapping[str, Region]) -> str | None:
    """Why a test metric over all rows has no value, in one line; None where each has one.

    A metric that the labels alone leave undefined, as a correlation with labels that are all equal, does not count.
    """
    predicted, labels = dataset.evaluation_arrays(y_hat, splits.test)
    if lost := int((~np.isfinite(predicted)).sum()):
        return f"{lost} of {predicted.size} test predictions are not finite"
    nulls = [name for name, value in test["all"].items() if value is None]
    known = tuple(name for name in nulls if name in METRICS)
    perfect = _region(known, labels, labels, {}, given(dataset, splits.reference_labels(), labels, known))
    nulls = [name for name in nulls if perfect.get(name, 0.0) is not None]
    if not nulls:
        return None
    why = "all test predictions are equal" if len(np.unique(predicted)) == 1 else "a value is not finite"
    return f"no test {', '.join(nulls)}: {why}"


def _region(
    names: Iterable[str],
    y_hat: np.ndarray,
    y: np.ndarray,
    columns: Mapping[str, np.ndarray],
    known: Given | None = None,
) -> Region:
    values = {name: _value(name, y_hat, y, known or {}) for name in names}
    if columns:
        values |= probabilistic.scores(y_hat, columns, y) if len(y) else {}
    return {**{k: float(v) if np.isfinite(v) else None for k, v in values.items()}, "n": len(y)}


def _value(name: str, y_hat: np.ndarray, y: np.ndarray, known: Given) -> float:
    metric = METRICS[name]
    more = {metric.given: known[metric.given]} if metric.given in known else {}
    return metric.function(y_hat, y, **more) if len(y) else np.nan
