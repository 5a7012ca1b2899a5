"""Photographs with a number or two each: the ResNets, and what data sets have that train as Rank-N-Contrast does.

Zha et al., Rank-N-Contrast, NeurIPS 2023, arXiv:2210.01189; augmentation, evaluation and schedule as its code has them
for AgeDB, kaiwenzha/Rank-N-Contrast at eca433b44650. No code was published for its other data sets.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.data.augmentation import jitter, resized_crop_and_flip
from bench.data.image_cache import Fetch, Pictures
from bench.dataset import Dataset, Examples, Mode, Split, Splits
from bench.errors import BenchError
from bench.protocol import Protocol
from bench.ranges import PicturesKept, Pixels

Backbone = Literal["resnet50", "resnet18", "tiny"]
# timm's name, and what differs from it
BACKBONES: dict[str, tuple[str, dict]] = {
    "resnet50": ("resnet50", {}),
    "resnet18": ("resnet18", {}),
    "tiny": ("resnet18", {"layers": (1, 1, 1, 1), "channels": (8, 16, 32, 64)}),
}
RNC = Protocol(
    loss="l1",
    optimizer="sgd",
    lr=0.2,
    momentum=0.9,
    weight_decay=1e-4,
    batch_size=256,
    epochs=400,
    cosine_floor=0.1**3,
)
MARGIN = 8 / 7  # sides of what training crops from, over what is evaluated: 256 over 224


class Photographs(Dataset):
    """Base of photographs that train by RnC's protocol: what differs is where they are from, and their labels.

    Args:
        images: the pictures on the disk, or painted ones that need no file.
        backbone: resnet50, resnet18, or tiny, a ResNet of 4 thin blocks for smoke runs.
        size: pixels a side.
        rows: only so many pictures, spread evenly.
    """

    protocol = RNC
    paper = "arXiv:2210.01189"
    groups = ("photographs",)
    imports = ("timm",)
    evaluation_batch = 256
    mirrored: ClassVar[bool] = True  # whether a picture's mirror image has its label

    def __init__(
        self,
        images: Literal["real", "synthetic"] = "real",
        backbone: Backbone = "resnet18",
        size: Pixels = 224,
        rows: PicturesKept | None = None,
    ) -> None:
        self.name = type(self).__module__.rpartition(".")[2]
        self.backbone, self.size, self.rows = backbone, size, rows
        self.edge = round(size * MARGIN)
        self.synthetic = images == "synthetic"
        self.small = f"{self.name}[backbone=tiny,images=synthetic,rows=300,size=32]"
        if not self.synthetic:
            self.offline = f"{self.name}[images=synthetic]"
        if self.synthetic or (backbone, size, rows) != ("resnet18", 224, None):
            self.reported = None

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A ResNet from scratch, on pixels between -1 and 1."""
        del splits
        return resnet(self.backbone)

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """RandomResizedCrop from a fifth of the area, mirrored or not, colour jitter and gray."""
        if mode == "evaluation":
            return examples
        return replace(examples, x=jitter(resized_crop_and_flip(examples.x, self.size, rng, flip=self.mirrored), rng))

    def sample(self, split: Split, row: int) -> np.ndarray:
        """The picture, (H, W, 3)."""
        return split.x[row : row + 1][0].permute(1, 2, 0).numpy()

    def pictures(self, fetch: Fetch, rows: np.ndarray, split: str) -> Pictures:
        """The inputs of a split: in training all that is kept of a picture, else its middle.

        Args:
            rows: of the source, (N,).
        """
        if not len(rows):
            raise BenchError(f"rows={self.rows} leaves no picture to {split} on; take more")
        return Pictures(fetch, torch.from_numpy(rows), self.edge, self.edge if split == "train" else self.size)

    def painted(self, columns: Mapping[str, np.ndarray], paint: Callable[..., Tensor]) -> tuple[Fetch, str]:
        """What paints rows of columns (N,) by `paint(columns, edge)`, and a digest of the columns."""
        digest = hashlib.sha256(b"".join(columns[name].tobytes() for name in sorted(columns)))
        tensors = {name: torch.from_numpy(column) for name, column in columns.items()}

        def fetch(rows: Tensor, device: torch.device) -> Tensor:
            chosen = {name: column[rows].to(device, non_blocking=True) for name, column in tensors.items()}
            return paint(chosen, self.edge)

        return fetch, digest.hexdigest()


def resnet(backbone: str) -> tuple[nn.Module, int]:
    """A ResNet of BACKBONES whose residual branches start at full strength, on pixels between -1 and 1, and its width.

    Drawn from torch's global generator.
    """
    import timm

    name, changes = BACKBONES[backbone]
    network = timm.create_model(name, num_classes=0, zero_init_last=False, **changes)
    return nn.Sequential(_Pixels(), network), network.num_features  # type: ignore[return-value]


class _Pixels(nn.Module):
    """0 to 255 -> -1 to 1: mean 0.5 and deviation 0.5 of the published code."""

    def forward(self, x: Tensor) -> Tensor:
        return x.float() / 127.5 - 1
