"""A model that was saved, made again: predictions of new rows, with the preprocessing that it was trained with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from bench import plugins
from bench.dataset import Split, Splits
from bench.described.base import DescribedDataset
from bench.errors import BenchError
from bench.method import Method
from bench.models import saving
from bench.names import parse_stack
from bench.paths import from_home
from bench.plugins import resolve
from bench.plugins.described import Described
from bench.plugins.loading import of_description
from bench.printable import plain
from bench.protocol import with_protocol
from bench.stack import overrides
from bench.training.model import Model

NINETY = 1.6448536269514722  # deviations of a Gaussian that hold 90% of it, to either side


class Predictor:
    """A trained model; `about` is what its JSON says, `changed` the methods whose code is another one by now.

    >>> Predictor.__name__  # made by bench.load_model
    'Predictor'
    """

    def __init__(self, about: Mapping[str, Any], weights: Mapping[str, Tensor], dataset: DescribedDataset) -> None:
        self.about, self.dataset = about, dataset
        config = about["config"]
        protocol = with_protocol(dataset.protocol, config["overrides"])
        method = resolve.build([(part["name"], part["params"]) for part in config["method"]])
        assert isinstance(method, Method)
        self.model = Model(dataset, protocol, _splits(about, weights), method, about["seed"], torch.device("cpu"))
        for name, part in (("network", self.model.network), ("method", method)):
            begin = f"{name}/"
            part.load_state_dict({k.removeprefix(begin): v for k, v in weights.items() if k.startswith(begin)})
        if overrides(method, "calibrated"):
            method.calibrate(weights["val/predictions"], weights["val/labels"])
        self.model.finished = True
        now = {part["name"]: part["digest"] for part in config["method"]}
        self.changed = [name for name, digest in now.items() if plugins.digest("method", name) != digest]

    def predict(self, rows: "pd.DataFrame | str | Path") -> pd.DataFrame:
        """A prediction for each row, in label units, in a column named as the target.

        Where the method gives an interval, `TARGET_low` and `TARGET_high` hold 90% of what it expects.

        Args:
            rows: a frame, or a file of rows, with the columns that the model was trained on.

        Raises:
            BenchError: a column is missing, or cannot be read.
        """
        x, index = self.dataset.inputs(rows)
        found = self.columns(x)
        mean = self.dataset.in_own_units(found["mean"])
        low, high = (None if end is None else self.dataset.in_own_units(end) for end in interval(found))
        made = {}
        for place, target in enumerate(self.dataset.targets):
            made[target] = mean[:, place]
            if low is not None and high is not None:
                made |= {f"{target}_low": low[:, place], f"{target}_high": high[:, place]}
        return pd.DataFrame(made, index=index)

    def columns(self, x: Tensor) -> dict[str, Tensor]:
        """Of inputs (N, ...) as the network takes them: "mean" and the method's further columns, (N, T)."""
        return self.model.predict_columns(Split(x, torch.zeros(len(x), len(self.dataset.targets))))


def interval(found: Mapping[str, Tensor]) -> tuple[Tensor | None, Tensor | None]:
    """The ends between which 90% is expected; None where the method says neither a deviation nor quantiles."""
    if "deviation" in found:
        return found["mean"] - NINETY * found["deviation"], found["mean"] + NINETY * found["deviation"]
    return found.get("q0.05"), found.get("q0.95")


def load_model(path: str | Path) -> Predictor:
    """A model that `bench run --save-models` wrote.

    Args:
        path: its weights, its JSON, or the folder of a row that has one model.

    Raises:
        BenchError: there is none, or it is not whole.

    >>> load_model("nothing.safetensors")
    Traceback (most recent call last):
    bench.errors.BenchError: there is no model nothing.safetensors; bench run --save-models best writes one
    """
    said, raw, about = saving.read(from_home(path))
    weights = about.with_suffix(".safetensors")
    if "description" not in said:
        row = f"{said['dataset']}/{said['method']}/seed-{said['seed']}"
        raise BenchError(
            f"{about} is of {said['dataset']}, whose rows no description reads, so that it predicts no new ones; "
            f"start from it by 'pretrained[init={row}]'"
        )
    tensors = saving.tensors(raw, weights)
    try:
        given = Described(parse_stack(said["dataset"])[0].base, said["description"], str(about.parent.absolute()))
        dataset = of_description(given)(**said["config"]["dataset"]["params"])
        dataset.restore(said["preprocessing"])
        made = Predictor(said, tensors, dataset)
        made.columns(dataset.examples(2))
        return made
    except BenchError:
        raise
    except Exception as error:  # what somebody has changed may fail anywhere
        reason = plain(f"{type(error).__name__}: {error}")
        raise BenchError(f"{about} and its weights make no model ({reason}); save it again") from None


def _splits(about: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Splits:
    # a method that is made again sees the labels it was trained on, and as many inputs, which it never reads
    labels = weights["labels"]
    x = torch.zeros(1, *about["inputs"], dtype=getattr(torch, about["inputs_type"])).expand(
        len(labels), *about["inputs"]
    )
    train = Split(x, labels)
    few = Split(x[:1], labels[:1])
    return Splits(train, few, few, about["shift"], about["scale"])
