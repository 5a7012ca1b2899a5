"""Metrics of one split, overall and per shot region."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from bench import probabilistic
from bench.dataset import Dataset, Splits
from bench.metrics import METRICS
from bench.results.record import Region
from bench.shots import ORDER


def metrics(
    dataset: Dataset, splits: Splits, name: str, y_hat: Tensor, columns: Mapping[str, Tensor] | None = None
) -> dict[str, Region]:
    """`{region: {metric: value or None, "n": rows}}` of a split; an empty region has n = 0 and no values.

    Args:
        y_hat: predictions (N, T) in label units.
        columns: what else the method says of them, each (N, T) in label units.
    """
    split = getattr(splits, name)
    predicted, labels = dataset.evaluation_arrays(y_hat, split)
    further = {column: dataset.evaluation_arrays(values, split)[0] for column, values in (columns or {}).items()}
    regions = dataset.regions(splits.reference_labels().numpy(), labels)
    groups = {"all": np.ones(len(labels), dtype=bool)}
    if regions is not None:
        names = [region for region in ORDER if region != "zero" or (regions == "zero").any()]
        groups |= {region: regions == region for region in names}
    return {
        region: _region(dataset.metrics, predicted[rows], labels[rows], {k: v[rows] for k, v in further.items()})
        for region, rows in groups.items()
    }


def undefined(dataset: Dataset, splits: Splits, y_hat: Tensor, test: Mapping[str, Region]) -> str | None:
    """Why a test metric over all rows has no value, in one line; None where each has one.

    A metric that the labels alone leave undefined, as a correlation with labels that are all equal, does not count.
    """
    predicted, labels = dataset.evaluation_arrays(y_hat, splits.test)
    if lost := int((~np.isfinite(predicted)).sum()):
        return f"{lost} of {predicted.size} test predictions are not finite"
    nulls = [name for name, value in test["all"].items() if value is None]
    perfect = _region(tuple(name for name in nulls if name in METRICS), labels, labels, {})
    nulls = [name for name in nulls if perfect.get(name, 0.0) is not None]
    if not nulls:
        return None
    why = "all test predictions are equal" if len(np.unique(predicted)) == 1 else "a value is not finite"
    return f"no test {', '.join(nulls)}: {why}"


def _region(names: tuple[str, ...], y_hat: np.ndarray, y: np.ndarray, columns: Mapping[str, np.ndarray]) -> Region:
    values = {name: METRICS[name].function(y_hat, y) if len(y) else np.nan for name in names}
    if columns:
        values |= probabilistic.scores(y_hat, columns, y) if len(y) else {}
    return {**{k: float(v) if np.isfinite(v) else None for k, v in values.items()}, "n": len(y)}
