"""Pictures of somebody's own with a number each: a folder with a list, or a dataset of Hugging Face."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from bench.data import files
from bench.data.augmentation import jitter, resized_crop_and_flip, shift
from bench.data.image_cache import Decoded, Pictures, read_square, store
from bench.dataset import Examples, Mode, Samples, Split, Splits
from bench.described import description, hugging_face, reading
from bench.described.backbones import backbone, require, weights_digest
from bench.described.rows import DescribedRows, required
from bench.errors import BenchError
from bench.paths import inside

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 14  # of a side that a picture is shifted by at most, in parts of it


class DescribedPictures(DescribedRows):
    """Pictures to their target.

    Args:
        backbone: the description's network, or another one: tiny, or a model of timm.
        size: pixels a side.
    """

    imports = ("timm",)
    evaluation_batch = 256

    def __init__(self, backbone: str | None = None, size: int | None = None) -> None:
        self.about = description.read(self.described, description.Pictures)
        super().__init__(self.about)
        self.backbone = backbone or self.about.network.backbone
        self.size = size or self.about.picture.size
        if not 16 <= self.size <= 1024:
            raise BenchError(f"size={self.size}: take 16 to 1024 pixels")
        self.decoded: Decoded | None = None

    @property
    def resolved(self) -> dict[str, Any]:
        """The description as a cell's key holds it, and of weights in a file their SHA-256."""
        return {**super().resolved, **weights_digest(self.about.network.pretrained, Path(self.described.folder))}

    @property
    def used(self) -> list[str]:
        """Columns that go in."""
        return [self.about.file]

    @property
    def as_text(self) -> list[str]:
        """Names of files."""
        return self.used

    def listed_rows(self) -> "tuple[pd.DataFrame, Path]":
        """All rows, and where they are listed."""
        path = self.described.path
        if not self.about.list:
            return hugging_face.rows(path, self.as_text), path
        return reading.frame(path / self.about.list, self.as_text), path / self.about.list

    def learn(self, table: "pd.DataFrame", train: np.ndarray) -> None:
        """Decode all pictures, or find them decoded."""
        del train
        require(self.backbone, self.about.network.pretrained, Path(self.described.folder))
        names = _names(table, self.about.file)
        cache = self.root / "described" / self.described.name
        cache.mkdir(parents=True, exist_ok=True)
        self.decoded = store(self._folder(cache), names, self.size, "squeezed", cache)
        self.place = {name: row for row, name in enumerate(names)}

    def made(self, table: "pd.DataFrame") -> Samples:
        """Pictures (N, 3, E, E) uint8."""
        assert self.decoded is not None
        rows = torch.tensor([self.place[name] for name in _names(table, self.about.file)])
        return Pictures(self.decoded.fetch, rows, self.size, self.size)

    def digest(self) -> str | None:
        """SHA-256 of the picture files."""
        return None if self.decoded is None else f"{self.size}/{self.decoded.digest()}"

    def _folder(self, cache: Path) -> Path:
        if self.about.list:
            return self.described.path
        return hugging_face.pictures(hugging_face.read(self.described.path), self.about.file, cache)

    def preprocessing(self) -> dict[str, Any]:
        """How pictures are resized, and of several targets the units of their labels."""
        return {"size": self.size, "file": self.about.file, "units": self.units}

    def restore(self, preprocessing: dict[str, Any]) -> None:
        """Take that up again."""
        self.size, self.units = preprocessing["size"], preprocessing["units"]

    def inputs(self, rows: "pd.DataFrame | str | Path") -> "tuple[torch.Tensor, pd.Index]":
        """New pictures: files that a list names, from the list's folder on, or all of a folder."""
        folder, source, from_disk = Path(), "the frame", not hasattr(rows, "columns")
        if from_disk:
            source = path = Path(rows)  # type: ignore[arg-type]
            if path.is_dir() and hugging_face.is_dataset(path):
                found = hugging_face.read(path)
                rows = hugging_face.frame(found)
                cache = files.root(None) / "described" / self.described.name
                cache.mkdir(parents=True, exist_ok=True)
                folder = hugging_face.pictures(found, self.about.file, cache)
            elif path.is_dir():
                rows, folder = pictures_in(path, self.about.file), path
            else:
                folder = path.parent
        table, origin = required(rows, [self.about.file], self.as_text, source)
        names = _names(table, self.about.file)
        if missing := [name for name in names if not (folder / name).is_file()]:
            raise BenchError(f"{origin}: {len(missing)} pictures are not there, the first is {folder / missing[0]}")
        pixels = [np.frombuffer(read_square(folder / name, self.size)[0], dtype=np.uint8) for name in names]
        import pandas as pd

        index = pd.Index(names, name=self.about.file) if from_disk else table.index  # a prediction says of which file
        return torch.from_numpy(np.stack(pixels)).unflatten(1, (3, self.size, self.size)), index

    def examples(self, number: int) -> torch.Tensor:
        """Noise."""
        rng = torch.Generator().manual_seed(0)
        return torch.randint(0, 256, (number, 3, self.size, self.size), generator=rng, dtype=torch.uint8)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """The backbone, over pixels of the mean and deviation that its weights expect."""
        del splits
        return backbone(self.backbone, self.about.network.pretrained, Path(self.described.folder))

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """As the description says; every view is drawn anew, and strong ones crop, flip and change colours."""
        how = self.about.picture.augmentation
        if mode == "evaluation":
            return examples
        if mode == "strong" or how == "crop_flip_colour":
            x = jitter(resized_crop_and_flip(examples.x, self.size, rng), rng)
        elif how == "none" and mode == "train":
            return examples
        else:
            margin = 0 if how == "flip" else max(1, round(self.size / MARGIN))
            x = shift(examples.x, margin, rng, flip=how != "shift")
        return replace(examples, x=x)

    def sample(self, split: Split, row: int) -> np.ndarray:
        """The picture, (H, W, 3)."""
        return split.x[row : row + 1][0].permute(1, 2, 0).numpy()


def pictures_in(folder: Path, column: str) -> "pd.DataFrame":
    """All picture files of a folder, in the order of their names, as rows."""
    import pandas as pd

    ends = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".tif", ".tiff", ".webp")
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix.lower() in ends)
    if not found:
        raise BenchError(f"{folder} has no pictures ({', '.join(ends)})")
    return pd.DataFrame({column: found})


def _names(table: "pd.DataFrame", column: str) -> list[str]:
    return [inside(str(name), f"column {column}, row {row}") for row, name in enumerate(table[column], 1)]
