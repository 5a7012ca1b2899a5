"""Metrics by region, for predictions in hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from bench.errors import BenchError, ShapeError, unknown
from bench.metrics import METRICS, to_array
from bench.relevance import relevance
from bench.results.record import Region
from bench.shots import ORDER, regions

if TYPE_CHECKING:
    from bench.dataset import Bins
    from bench.plugins import given

Array = np.ndarray[Any, np.dtype[Any]]
RegionsOf = Callable[[Array, Array], Array | None]


def evaluate(
    y_hat: Any,
    y: Any = None,
    train_labels: Any = None,
    *,
    metrics: Sequence[str] = ("mae", "rmse", "gmean_error"),
    bins: "Bins | None" = None,
    many: int = 100,
    few: int = 20,
    dataset: "given.Dataset | None" = None,
    data: str | Path | None = None,
) -> pd.DataFrame:
    """Metrics of predictions, overall and by shot region: one row a region, with its number of samples.

    With a dataset, its own metrics and regions on its own test split are computed, and only `y_hat` is needed. Without
    torch tensors, bins or a dataset, torch is not imported.

    Args:
        y_hat, y: predictions and labels of equal shape, in label units; arrays, lists or tensors.
        train_labels: labels seen in training, which make the regions; without them there is one row, "all".
        metrics: names in bench.metrics.METRICS; balanced ones and SERA have a value for all samples together alone.
        bins: label bins to count samples in and to balance over; None takes equal labels for one.
        many, few: a region has more than `many`, or fewer than `few` training samples of its label or bin.
        dataset: a name, a class or an object; its metrics, regions and test labels replace all of the above.
        data: the data root that it reads.

    Raises:
        ShapeError: there is not one prediction for each label.
        BenchError: a metric does not exist, or labels are missing.

    >>> table = evaluate([1.0, 2.0, 5.0], [1.0, 2.0, 3.0], [1, 1, 1, 2, 3], metrics=["mae"], many=2, few=2)
    >>> table.loc[["all", "many", "few"], "mae"].round(2).to_dict()
    {'all': 0.67, 'many': 0.0, 'few': 1.0}
    """
    if dataset is not None:
        return _on_dataset(y_hat, dataset, None if data is None else Path(data))
    if y is None:
        raise BenchError("no labels to compare with; give y, or the dataset whose test split was predicted")
    predicted, labels = to_array(y_hat), to_array(y)
    if predicted.size != labels.size or len(predicted) != len(labels):
        raise ShapeError(f"predictions of shape {predicted.shape} do not fit labels of shape {labels.shape}")
    for metric in metrics:
        if metric not in METRICS:
            raise unknown("metric", metric, METRICS)
        if METRICS[metric].given == "relevance" and train_labels is None:
            raise BenchError(
                f"{metric} needs the labels seen in training, by which it weighs errors; give train_labels"
            )
    rows = {"all": np.ones(len(labels), dtype=bool)}
    if train_labels is not None:
        found = _regions(to_array(train_labels), labels, bins, many, few)
        rows |= {region: found == region for region in ORDER if region != "zero"}
    table: dict[str, Region] = {}
    for region, some in rows.items():
        own = [metric for metric in metrics if not METRICS[metric].given]
        values = {metric: METRICS[metric].function(predicted[some], labels[some]) for metric in own}
        table[region] = {**values, "n": int(some.sum())}
    known = {"bins": lambda: _index(bins, labels), "relevance": lambda: relevance(to_array(train_labels), labels)}
    for metric in metrics:
        if METRICS[metric].given:
            table["all"][metric] = METRICS[metric].function(predicted, labels, known[METRICS[metric].given]())
    return _frame(table)


def _regions(seen: Array, labels: Array, bins: "Bins | None", many: int, few: int) -> Array:
    flat = labels.reshape(len(labels), -1)
    if flat.shape[1] != 1:
        raise ShapeError(f"labels of shape {labels.shape} have no regions; give one target, or no train_labels")
    if bins is None:
        return regions(seen.ravel(), flat[:, 0], many, few)
    # a label stands for its bin, so that it is counted with all of it
    return regions(_index(bins, seen.ravel()), _index(bins, flat[:, 0]), many, few)


def _index(bins: "Bins | None", labels: Array) -> Array:
    if bins is None:
        return labels
    import torch

    return bins.index(torch.as_tensor(labels)).numpy()


def _on_dataset(y_hat: Any, dataset: "given.Dataset", data: Path | None) -> pd.DataFrame:
    import torch

    from bench.data import files
    from bench.plugins import given
    from bench.runs import cells
    from bench.training import evaluate as training

    on = given.dataset(dataset)
    splits = cells.load(on, files.root(data))
    predicted = torch.as_tensor(y_hat).detach().cpu()
    predicted = predicted.unsqueeze(1) if predicted.dim() == 1 else predicted
    if predicted.shape != splits.test.labels.shape:
        there = tuple(splits.test.labels.shape)
        raise ShapeError(f"predictions of shape {tuple(predicted.shape)} do not fit test labels of shape {there}")
    return _frame(training.metrics(on.dataset, splits, "test", predicted))


def _frame(table: dict[str, Region]) -> pd.DataFrame:
    names = [name for name in table["all"] if name != "n"]
    columns = {name: [np.nan if row.get(name) is None else row[name] for row in table.values()] for name in names}
    counts = [row["n"] for row in table.values()]
    return pd.DataFrame({"n": counts, **columns}, index=pd.Index(list(table), name="region"))
