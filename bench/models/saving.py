"""A trained model beside its record: `model-3.safetensors` and `model-3.json`.

Weights alone would not do: what a method knows of its task, such as the values of its classes, comes from training
labels. So a model is made again as training made it, before its weights are put back: of a dataset that a description
makes, by what is kept here, to predict new rows; of any other by its own data, as `bench analyse corruption` does.
"""

import contextlib
import hashlib
import json
import re
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
from bench.printable import plain
from bench.results.reading import parse
from bench.stack import overrides
from bench.training.loop import Training

FORMAT = 1
MOST_SAID = 2**28  # bytes of what is said of a model: a text's words are in it
_KINDS = {
    "key": str, "dataset": str, "method": str, "seed": int, "config": dict, "selection": dict | None,
    "weights_sha256": str,
}  # fmt: skip
_KINDS_OF_DESCRIBED = {
    "description": str, "preprocessing": dict, "inputs": list, "inputs_type": str, "shift": float | int,
    "scale": float | int,
}  # fmt: skip
LARGEST = 2**34  # bytes of weights
ENCODER = "network/encoder."  # begins the names of an encoder's tensors
Which = Literal["best", "all"]
_NAME = re.compile(r"model-(0|[1-9][0-9]*)\.(json|safetensors)", re.ASCII)


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
    said = _about(about)
    raw = content(weights, LARGEST)
    if hashlib.sha256(raw).hexdigest() != said["weights_sha256"]:
        raise BenchError(f"{weights} is not the file that {about.name} was written with; save the model again")
    return said, raw, about


def _about(path: Path) -> dict[str, Any]:
    try:
        said = parse(content(path, MOST_SAID))
        form = said["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BenchError(f"{path} says nothing of a model ({type(error).__name__}); save it again") from None
    if form != FORMAT:
        raise BenchError(f"{path} has the format {plain(form)}, and this bench reads {FORMAT}; save the model again")
    kinds = _KINDS | (_KINDS_OF_DESCRIBED if "description" in said else {})
    if wrong := [name for name, kind in kinds.items() if not isinstance(said.get(name), kind)]:
        raise BenchError(f"{path}: its {wrong[0]} is missing, or none that a model has; save the model again")
    return said


def tensors(raw: bytes, path: Path) -> dict[str, Tensor]:
    """The weights of a model by name.

    Args:
        raw: the content of the file at `path`.

    Raises:
        BenchError: it holds none.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(raw)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
        raise BenchError(f"{path} holds no weights ({plain(error)}); save the model again") from None


def is_there(path: Path) -> bool:
    """Whether a path is a folder, or a saved model by either of its files."""
    return path.is_dir() or path.with_suffix(".safetensors").is_file()


def _find(path: Path) -> tuple[Path, Path]:
    if path.is_dir():
        there = sorted(path.glob("model-*.safetensors"))
        if len(there) != 1:
            if not there:
                raise BenchError(f"there is no model in {path}; bench run --save-models best writes one")
            raise BenchError(f"{path} has {len(there)} models; name one: {', '.join(one.name for one in there)}")
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
        if path.with_suffix(".safetensors") not in kept and _is_ours(path):
            path.unlink()
    return kept


def _is_ours(path: Path) -> bool:
    about = path.with_suffix(".json")
    return bool(_NAME.fullmatch(path.name)) and (not about.exists() or "key" in _loosely(about))


def _models(row: Path) -> Iterator[tuple[tuple[float, int], Path]]:
    for path in row.glob("model-*.json"):
        if not _NAME.fullmatch(path.name) or not path.with_suffix(".safetensors").is_file():
            continue
        seed = int(path.stem.partition("-")[2])
        said, about = _loosely(row / f"seed-{seed}.json"), _loosely(path)
        if "key" in about and said.get("key") == about["key"] and said.get("status") == "ok":
            chosen = about.get("selection")
            with contextlib.suppress(KeyError, TypeError):  # of a selection that is none
                rank = METRICS[chosen["metric"]].sort_key(chosen["value"]) if chosen else 0.0
                yield (rank, seed), path.with_suffix(".safetensors")


def _loosely(path: Path) -> dict[str, Any]:
    # what somebody's file says, if it says something
    with contextlib.suppress(BenchError, ValueError, RecursionError):
        if isinstance(found := parse(content(path, MOST_SAID)), dict):
            return found
    return {}
