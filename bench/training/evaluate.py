"""Metrics of one split, overall and per shot region."""

import numpy as np
from torch import Tensor

from bench.dataset import Dataset, Splits
from bench.metrics import METRICS
from bench.results.record import Region

ORDER = ("many", "medium", "few", "zero")


def metrics(dataset: Dataset, splits: Splits, name: str, y_hat: Tensor) -> dict[str, Region]:
    """`{region: {metric: value or None, "n": rows}}` of a split; an empty region has n = 0 and no values."""
    split = getattr(splits, name)
    predicted, labels = dataset.evaluation_arrays(y_hat, split)
    regions = dataset.regions(splits.reference_labels().numpy(), labels)
    groups = {"all": np.ones(len(labels), dtype=bool)}
    if regions is not None:
        names = [region for region in ORDER if region != "zero" or (regions == "zero").any()]
        groups |= {region: regions == region for region in names}
    return {region: _region(dataset.metrics, predicted[rows], labels[rows]) for region, rows in groups.items()}


def _region(names: tuple[str, ...], y_hat: np.ndarray, y: np.ndarray) -> Region:
    values = {name: METRICS[name].function(y_hat, y) if len(y) else np.nan for name in names}
    return {**{k: float(v) if np.isfinite(v) else None for k, v in values.items()}, "n": len(y)}
