"""Data sets by name, and training on them."""

import os
from pathlib import Path

import pytest
import torch

from bench import plugins
from bench.data import files
from bench.dataset import Examples
from bench.errors import BenchError
from bench.plugins import resolve
from bench.training.loop import Training

NOWHERE = Path("no data is read")
SHAPES = ["circle", "torus", "swiss_roll", "mammoth[points=synthetic]"]
TABLES = sorted(source.name for source in plugins.sources("dataset") if "uci" in source.groups)


def make(name):
    return resolve.dataset(name).dataset


def real(name):
    root = Path(os.environ.get("BENCH_DATA") or "no BENCH_DATA")
    dataset = make(name)
    try:
        files.verify(dataset, root, name)
    except BenchError as error:
        pytest.skip(str(error))
    return dataset, root


def rows(splits):
    return [len(split) for split in (splits.train, splits.val, splits.test)]


def tiny_faces(name="agedb", **changed):
    params = {"backbone": "tiny", "images": "synthetic", "rows": 300, "size": 32} | changed
    return resolve.dataset(f"{name}[{','.join(f'{key}={value}' for key, value in params.items())}]")


def train(on, splits, method="baseline"):
    training = Training(on.dataset, on.protocol, splits, resolve.method(method, on).build(), 0, torch.device("cpu"))
    training.fit()
    return training


def transformed(dataset, x, mode, seed=0):
    """Inputs of a batch as `Dataset.transform` gives them in a mode."""
    rng = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    return dataset.transform(Examples(x, torch.zeros(len(x), 1)), rng, mode).x
