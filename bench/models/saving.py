"""A trained model beside its record: `model-3.safetensors` and `model-3.json`.

Weights alone would not do: what a method knows of its task, such as the values of its classes, comes from training
labels. So a model is made again as training made it, before its weights are put back: of a dataset that a description
makes, by what is kept here, to predict new rows; of any other by its own data, as `bench analyse corruption` does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from bench.atomic import replace_file
from bench.data.reading import content
from bench.dataset import Splits
from bench.described.base import DescribedDataset
from bench.errors import BenchError
from bench.metrics import METRICS
from bench.stack import overrides
from bench.training.loop import Training

FORMAT = 1
LARGEST = 2**34  # bytes of weights
ENCODER = "network/encoder."  # begins the names of an encoder's tensors
Which = Literal["best", "all"]


def paths_of(row: Path, seed: int) -> tuple[Path, Path]:
    """Where the weights of a cell's model lie, and all else of it."""
    return row / f"model-{seed}.safetensors", row / f"model-{seed}.json"


def write(row: Path, seed: int, training: Training, splits: Splits, about: Mapping[str, Any]) -> None:
    """Write the model of a cell that has been trained.

    Args:
        row: folder of the cell's record.
        about: what the record has: key, dataset, method, config, selection.
    """
    from safetensors.torch import save

    dataset, tensors = training.dataset, _weights(training)
    known: dict[str, Any] = {}
    if isinstance(dataset, DescribedDataset):
        tensors |= _labels(training, splits)
        known = {
            "description": dataset.described.text,
            "preprocessing": dataset.preprocessing(),
            "inputs": list(splits.train.x.shape[1:]),
            "inputs_type": str(splits.train.x[:1].dtype).removeprefix("torch."),
            "shift": splits.shift,
            "scale": splits.scale,
        }
    weights = save({name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()})
    about = {"format": FORMAT, **about, "seed": seed, **known, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    first, second = paths_of(row, seed)
    row.mkdir(parents=True, exist_ok=True)
    replace_file(first, weights)
    replace_file(second, (json.dumps(about, indent=1) + "\n").encode())


def _weights(training: Training) -> dict[str, Tensor]:
    parts = {"network": training.network, "method": training.method}
    return {f"{part}/{name}": tensor for part, of in parts.items() for name, tensor in of.state_dict().items()}


def _labels(training: Training, splits: Splits) -> dict[str, Tensor]:
    found = {"labels": torch.as_tensor(splits.train.labels)}
    if overrides(training.method, "calibrated"):  # which learns from predictions as they were before
        training.finished = False
        found |= {"val/predictions": training.predict(splits.val), "val/labels": splits.val.labels}
        training.finished = True
    return found


def read(path: Path) -> tuple[dict[str, Any], bytes, Path]:
    """A saved model: what its JSON says, its weights as they are in the file, and the path of the JSON.

    Args:
        path: of either file, or the folder of a row that has one model.

    Raises:
        BenchError: there is none, or it is not whole.
    """
    weights, about = _find(path)
    try:
        said = json.loads(about.read_text(encoding="utf-8"))
        form = said["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{about} says nothing of a model ({type(error).__name__}); save it again") from None
    if form != FORMAT:
        raise BenchError(f"{about} has the format {form}, and this bench reads {FORMAT}; save the model again")
    raw = content(weights, LARGEST)
    if hashlib.sha256(raw).hexdigest() != said["weights_sha256"]:
        raise BenchError(f"{weights} is not the file that {about.name} was written with; save the model again")
    return said, raw, about


def is_there(path: Path) -> bool:
    """Whether a path is a folder, or a saved model by either of its files."""
    return path.is_dir() or path.with_suffix(".safetensors").is_file()


def _find(path: Path) -> tuple[Path, Path]:
    if path.is_dir():
        there = sorted(path.glob("model-*.safetensors"))
        if len(there) != 1:
            raise BenchError(
                f"{path} has {len(there)} models; name one: {', '.join(one.name for one in there) or 'none'}"
            )
        path = there[0]
    weights, about = path.with_suffix(".safetensors"), path.with_suffix(".json")
    if not weights.is_file() or not about.is_file():
        raise BenchError(f"there is no model {path}; bench run --save-models best writes one")
    return weights, about


def keep(row: Path, which: Which) -> list[Path]:
    """Of the models of a row, keep the one whose validation value is best, or all, and none without a record.

    Returns:
        The weights of those kept, the best first.
    """
    there = sorted(_models(row), key=lambda item: item[0])
    kept = [path for _, path in (there[:1] if which == "best" else there)]
    for path in {*row.glob("model-*.safetensors"), *row.glob("model-*.json")}:
        if path.with_suffix(".safetensors") not in kept:
            path.unlink()
    return kept


def _models(row: Path) -> Iterator[tuple[tuple[float, int], Path]]:
    for path in row.glob("model-*.json"):
        seed = int(path.stem.partition("-")[2])
        record = row / f"seed-{seed}.json"
        if not record.is_file() or not path.with_suffix(".safetensors").is_file():
            continue
        said, about = json.loads(record.read_text(encoding="utf-8")), json.loads(path.read_text(encoding="utf-8"))
        if said["key"] == about["key"] and said["status"] == "ok":
            chosen = about["selection"]
            rank = METRICS[chosen["metric"]].sort_key(chosen["value"]) if chosen else 0.0
            yield (rank, seed), path.with_suffix(".safetensors")
