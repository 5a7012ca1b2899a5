"""The coordinate task: find a point (x, y, z) of a shape among sums of it and of 24 distractors.

Zhang et al., Deep Regression Representation Learning with Topology, ICML 2024, arXiv:2404.13904. The numbers
we compare with are in Zhang et al., Improving Deep Regression with Tightness, ICLR 2025, arXiv:2502.09122.
Construction and protocol as in needylove/PH-Reg main.py and data/ at 8b1d95ea6b5b: one draw for all seeds.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import nn

from bench.data.arrays import read_arrays
from bench.data.pickled_arrays import read_dict
from bench.dataset import Dataset, Examples, File, Mode, Split, Splits
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.functional.random_streams import stream_seed
from bench.protocol import Protocol
from bench.ranges import Index

ROWS, TRAIN, VAL = 3000, 100, 100  # the rest is test
DISTRACTORS = 24
WIDTH = 100


def published(shape: str, original: str, resaved: str) -> File:
    """The authors' file of a shape, or the same arrays re-saved without pickle.

    Args:
        original, resaved: SHA-256 of the .npy and of the .npz file.
    """
    return File(
        f"coordinates/{shape}.npy",
        original,
        url=f"https://raw.githubusercontent.com/needylove/PH-Reg/8b1d95ea6b5b/data/{shape}.npy",
        licence="none stated",
        alternatives=(File(f"coordinates/{shape}.npz", resaved, licence="none stated"),),
    )


class Coordinates(Dataset):
    """Base of the shapes: a subclass gives `shape`, and its published file where there is one.

    The draw of points matters more than the seed (three draws of the torus: baseline MSE 2.8, 3.0, 3.7), so
    numbers compare only on one draw.

    Args:
        points: made here, or the file behind the papers' tables.
        draw: which draw of generated points.
    """

    metrics = ("mse",)
    protocol = Protocol(
        loss="mse",
        optimizer="adamw",
        lr=1e-3,
        weight_decay=0.01,
        batch_size=None,
        epochs=10_000,
        validate_every=100,
    )
    paper = "arXiv:2404.13904"
    tunes: ClassVar = {
        "protocol.lr": (3e-4, 1e-3, 3e-3, 1e-2),
        "protocol.weight_decay": (0.001, 0.01, 0.1),
        "protocol.cosine_floor": (None, 0.0),
    }

    def __init__(self, points: Literal["generated", "published"] = "generated", draw: Index = 0) -> None:
        if points == "published" and draw:
            raise BenchError(f"draw={draw} with points=published: these points are one fixed draw; leave draw out")
        self.points, self.draw = points, draw
        self.name = type(self).__module__.rpartition(".")[2]
        if points == "published":
            self.offline = self.name
        else:
            self.files, self.reported = (), None

    def shape(self, rng: np.random.Generator) -> np.ndarray:
        """One independent draw of the shape, (ROWS, 3)."""
        raise NotImplementedError

    def load(self, root: Path) -> Splits:
        """The first 100 rows train, the next 100 validate, 2800 test."""
        x, labels = self._published(root) if self.points == "published" else self._generated()
        sizes = [TRAIN, VAL, ROWS - TRAIN - VAL]
        parts = zip(*(torch.from_numpy(a.astype(np.float32)).split(sizes) for a in (x, labels)), strict=True)
        train, val, test = (Split(*part) for part in parts)
        return Splits(train, val, test)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """MLP 100-100-100, all weights N(0, 0.001²)."""
        inputs = splits.train.x.shape[1]
        layers = (_linear(inputs, WIDTH), nn.ReLU(), _linear(WIDTH, WIDTH), nn.ReLU())
        return nn.Sequential(*layers), WIDTH

    def head(self, width: int, outputs: int) -> nn.Module:
        """A linear regressor, drawn like the encoder."""
        return _linear(width, outputs)

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """A view has Gaussian noise of 1% of each column's deviation over the batch, the whole training split.

        The papers contrast no views here; this is the smallest change that makes two views differ.
        """
        if mode in ("train", "evaluation"):
            return examples
        x = examples.x
        return replace(
            examples, x=x + 0.01 * x.std(0, correction=0) * to_device_of(torch.randn(x.shape, generator=rng), x)
        )

    def _generated(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(stream_seed(self.draw, f"points/{self.name}"))
        draws = [self.shape(rng) for _ in range(1 + DISTRACTORS)]
        return np.concatenate([_sums(points) for points in draws], axis=1), draws[0]

    def _published(self, root: Path) -> tuple[np.ndarray, np.ndarray]:
        path = root / (self.files[0].find(root) or self.files[0]).path
        names = ("data", "label")
        found = read_dict(path) if path.suffix == ".npy" else read_arrays(path, names)
        for name in names:
            if name not in found or found[name].ndim != 2 or len(found[name]) != ROWS:
                raise BenchError(f"{path} has no array '{name}' of {ROWS} rows; get it again")
            if not np.isfinite(found[name]).all():
                raise BenchError(f"{path}: a number of the array '{name}' is not finite; get it again")
        return found["data"], found["label"]


def _sums(points: np.ndarray) -> np.ndarray:
    # spelled out rather than a matrix product, whose order of summation depends on the machine
    x, y, z = points.T
    return np.stack([x + y + z, x + y - z, x - y + z, -x + y + z], axis=1)


def _linear(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=0.001)
    nn.init.zeros_(layer.bias)
    return layer
