"""Train one model from Python."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench.data import files
from bench.dataset import Split, Splits
from bench.errors import BenchError
from bench.models import starting
from bench.plugins import given
from bench.results.record import Region
from bench.runs import cells
from bench.training import evaluate
from bench.training.loop import Training
from bench.training.reference import start


@dataclass(frozen=True, eq=False)
class Trained:
    """What training one model leaves.

    Args:
        method, dataset: their names.
        metrics: `metrics[split][region][metric]` for "val" and "test", with the number of samples as "n".
        predictions: of the test split, (N, T) in label units.
        network: encoder and head with the chosen weights; its outputs are in network units. None of a reference.
        history: one entry a validation: epoch, training loss, validation value, seconds.
        selection: metric, epoch and value that chose the weights; None where the last ones were kept.
        splits: what it was trained and tested on.
        predict: gives predictions (N, T) in label units of any split of the dataset's kind.
    """

    method: str
    dataset: str
    seed: int
    metrics: dict[str, dict[str, Region]]
    predictions: np.ndarray
    network: nn.Module | None
    history: list[dict[str, Any]]
    selection: dict[str, Any] | None
    splits: Splits
    predict: Callable[[Split], torch.Tensor]


def train(
    method: given.Method,
    dataset: given.Dataset,
    seed: int = 0,
    *,
    device: str | None = None,
    data: str | Path | None = None,
    **protocol: Any,
) -> Trained:
    """Train a method on a dataset, choose the epoch on validation and evaluate it, as one cell of a run does.

    On a CPU with as many threads the predictions are those of `bench run` bit for bit. No record is written, and
    torch's global random state is left as it was.

    Args:
        method: a name, stacks and parameters included; a subclass of bench.Method, or an object of one.
        dataset: a name; a subclass of bench.Dataset, or an object of one.
        device: as torch names it; a GPU by default where there is one.
        data: the data root; by default $BENCH_DATA or the user's data folder.
        **protocol: fields of bench.Protocol to change, such as epochs=5.

    Raises:
        BenchError: a name or field does not exist, data is missing, or the method is not defined on the dataset.
        Diverged: the loss is not finite.

    >>> trained = train("ranksim", "circle", epochs=2, validate_every=1)
    >>> list(trained.metrics["test"]["all"]), len(trained.history)
    (['mse', 'n'], 2)
    """
    on = given.dataset(dataset, protocol)
    chosen = given.method(starting.named(method, Path("results")) if isinstance(method, str) else method, on)
    if reason := chosen.refusal(on.dataset):
        raise BenchError(f"'{chosen.name}' is not defined on '{on.name}': {reason}")
    splits = cells.load(on, files.root(None if data is None else Path(data)))
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    gpus = [where] if where.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):  # pyright: ignore[reportUnknownMemberType]
        training = start(on.dataset, on.protocol, splits, chosen.build(), seed, where, changes=protocol)
        fit = training.fit()
        columns = {split: training.predict_columns(getattr(splits, split)) for split in ("val", "test")}
    metrics: dict[str, dict[str, Region]] = {}
    for split, found in columns.items():
        further = {key: values for key, values in found.items() if key != "mean"}
        metrics[split] = evaluate.metrics(on.dataset, splits, split, found["mean"], further)
    return Trained(
        method=chosen.name,
        dataset=on.name,
        seed=seed,
        metrics=metrics,
        predictions=columns["test"]["mean"].numpy(),
        network=training.network if isinstance(training, Training) else None,
        history=fit.history,
        selection=fit.selection,
        splits=splits,
        predict=training.predict,
    )
