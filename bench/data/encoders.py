"""Encoders that methods start from: kept below the data root by the hash of their weights, which names them."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bench.atomic import replace_file
from bench.data import files
from bench.data.reading import content
from bench.errors import BenchError

if TYPE_CHECKING:  # torch stays out where names alone are read
    from torch import Tensor, nn

DIGITS = 16  # of the SHA-256, in a name
LARGEST = 2**34  # bytes of weights
HASH = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


def path_of(name: str) -> Path:
    """Where the encoder of a hash lies: below $BENCH_DATA, or the user's data folder."""
    return files.root() / "encoders" / f"{name}.safetensors"


def keep(weights: Mapping[str, "Tensor"], origin: Mapping[str, object]) -> str:
    """Keep an encoder's weights; the first digits of their SHA-256, by which they are found again.

    Args:
        origin: of which row they are, for people to read in a JSON beside them.
    """
    from safetensors.torch import save

    raw = save({name: tensor.contiguous() for name, tensor in weights.items()})
    name = _hash(raw)
    if not path_of(name).is_file() or _hash(path_of(name).read_bytes()) != name:
        path_of(name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(path_of(name).with_suffix(".json"), (json.dumps(dict(origin), indent=1) + "\n").encode())
        replace_file(path_of(name), raw)
    return name


def load(name: str) -> "dict[str, Tensor]":
    """The weights of a hash.

    Raises:
        BenchError: they are not here, or not what they were.
    """
    from safetensors.torch import load

    if not path_of(name).is_file():
        raise BenchError(f"the encoder {name} is not in {path_of(name).parent}; name its model again, as init=FILE")
    raw = content(path_of(name), LARGEST)
    if _hash(raw) != name:
        raise BenchError(f"{path_of(name)} is not what it was; remove it and name the model again")
    return load(raw)


def fill(encoder: "nn.Module", name: str) -> None:
    """Put the weights of a hash into an encoder.

    Raises:
        BenchError: it has other parts, or parts of other shapes.
    """
    weights, own = load(name), encoder.state_dict()
    for part in (*own, *sorted(weights)):
        there, here = (_shape(of.get(part)) for of in (weights, own))
        if here != there:
            raise BenchError(
                f"the encoder {name} does not fit: {part} is {there} in it and {here} on this dataset; start from a "
                "model of the same network"
            )
    encoder.load_state_dict(weights)


def _shape(tensor: "Tensor | None") -> str:
    return "missing" if tensor is None else str(tuple(tensor.shape))


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:DIGITS]
