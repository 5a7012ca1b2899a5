"""The model that a record saved, made again with its data, and proved by the record's predictions."""

from pathlib import Path

import numpy as np
import torch

from bench.dataset import Split, Splits
from bench.errors import BenchError
from bench.method import Method
from bench.models import saving
from bench.plugins import resolve
from bench.results import store
from bench.results.record import Record
from bench.stack import overrides
from bench.training.model import Model

CLOSE = 1e-2  # deviations of the training labels, by which predictions of two devices may differ


def path_of(results: Path, record: Record) -> Path:
    """Where the weights of a record's model lie, if they were saved."""
    return saving.paths_of(store.path_of(results, record.dataset, record.method, record.seed).parent, record.seed)[0]


def restored(results: Path, record: Record, on: resolve.NamedDataset, splits: Splits, device: torch.device) -> Model:
    """The model of a record, ready to predict.

    Raises:
        BenchError: it is not there, not whole, not of this record, or holds an encoder alone.
    """
    path = path_of(results, record)
    said, raw, _ = saving.read(path)
    if said["key"] != record.key:
        raise BenchError(f"{path.name} is of another run than the record; save it again")
    method = resolve.build([(part["name"], part["params"]) for part in record.config["method"]])
    assert isinstance(method, Method)  # references save no model
    model = Model(on.dataset, on.protocol, splits, method, record.seed, device)
    weights = saving.tensors(raw, path)
    for name, part in (("network", model.network), ("method", method)):
        begin = f"{name}/"
        own = {key.removeprefix(begin): tensor for key, tensor in weights.items() if key.startswith(begin)}
        try:
            part.load_state_dict(own)
        except RuntimeError:  # whose text has a line a tensor
            what = "an encoder alone" if not any("head." in key for key in weights) else "another network"
            raise BenchError(f"{path.name} holds {what}; save it again with this version") from None
    if overrides(method, "calibrated"):
        method.calibrate(model.predict(splits.val), splits.val.labels)
    model.finished = True
    return model


def require_same(results: Path, record: Record, model: Model, split: Split, rows: np.ndarray) -> None:
    """Raise a BenchError where a model does not predict what its record holds of some rows (n,) of the test split.

    Args:
        split: these rows.
    """
    kept = store.predictions(results, record)
    if kept is None:
        raise BenchError("its predictions are not there, by which its model is checked")
    again = model.predict(split).numpy()
    spread = float(np.nanstd(np.asarray(split.labels, dtype=np.float64))) or 1.0
    if not np.abs(again - kept[rows]).max() <= CLOSE * spread:
        raise BenchError("its model does not predict what the record holds; save it again")
