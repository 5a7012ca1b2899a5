"""Fitting a reference, in the place of the training loop: the same splits in, the same predictions out."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from bench.bases.reference import Known, Reference
from bench.dataset import Dataset, Split, Splits
from bench.method import Method
from bench.protocol import Protocol
from bench.training.checkpoint import Checkpoints
from bench.training.loop import Fit, Training


class Fitting:
    """Fit a reference on a dataset's plain features; the test split is not among what it is given.

    On the CPU, with as many threads as torch has, so that its numbers do not depend on the cores of a machine.
    """

    def __init__(self, dataset: Dataset, splits: Splits, reference: Reference, seed: int) -> None:
        self.dataset, self.reference, self.seed = dataset, reference, seed
        self.train, self.val, self.rows = splits.train, splits.val, splits.reference_rows

    def fit(self) -> Fit:
        """Fit it; neither a history nor a selection comes of that."""
        began, metric = perf_counter(), self.dataset.metrics[0]
        with threadpool_limits(torch.get_num_threads()):
            if self.dataset.dense_targets:
                y = self._counting()
                known = Known(np.zeros((len(y), 1)), y, np.zeros((0, 1)), y[:0], metric, self.seed)
            else:
                self.features = self.dataset.plain_features(self.train)
                y, y_val = (split.labels.double().numpy() for split in (self.train, self.val))
                known = Known(self._x(self.train), y, self._x(self.val), y_val, metric, self.seed)
            self.reference.fit(known)
        return Fit(train_s=perf_counter() - began)

    def predict_columns(self, split: Split) -> dict[str, Tensor]:
        """Predictions of a split as "mean", (N, T) or those of maps (N, T, H, W), in label units."""
        shape = self.dataset.predictions_shape(split)
        with threadpool_limits(torch.get_num_threads()):
            found = self.reference.predict(np.zeros((shape[0], 1)) if len(shape) > 2 else self._x(split))
        y_hat = torch.from_numpy(found).float()
        return {"mean": y_hat.reshape(*y_hat.shape, *[1] * (len(shape) - 2)).expand(shape).contiguous()}

    def predict(self, split: Split) -> Tensor:
        """The predictions alone."""
        return self.predict_columns(split)["mean"]

    def _x(self, split: Split) -> np.ndarray:
        return self.features(split).double().numpy()

    def _counting(self) -> np.ndarray:
        # labels of the pixels that count, (n, T), in the pictures that stand for the training split
        rows = torch.arange(len(self.train)) if self.rows is None else self.rows
        labels = self.train.labels[rows].double().movedim(1, -1)
        counts = labels.isfinite() if self.train.mask is None else self.train.mask[rows].movedim(1, -1)
        return labels[counts.all(-1)].numpy()


def start(
    dataset: Dataset,
    protocol: Protocol,
    splits: Splits,
    entry: Method | Reference,
    seed: int,
    device: torch.device,
    report: Callable[[dict[str, Any]], None] = lambda _: None,
    changes: Mapping[str, object] | None = None,
    checkpoints: Checkpoints | None = None,
) -> Training | Fitting:
    """What trains a method or fits a reference; arguments as of Training."""
    if isinstance(entry, Reference):
        return Fitting(dataset, splits, entry, seed)
    return Training(dataset, protocol, splits, entry, seed, device, report, changes, checkpoints)
