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


def _region(names: tuple[str, ...], y_hat: np.ndarray, y: np.ndarray, columns: Mapping[str, np.ndarray]) -> Region:
    values = {name: METRICS[name].function(y_hat, y) if len(y) else np.nan for name in names}
    if columns:
        values |= probabilistic.scores(y_hat, columns, y) if len(y) else {}
    return {**{k: float(v) if np.isfinite(v) else None for k, v in values.items()}, "n": len(y)}
