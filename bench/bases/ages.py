"""Ages from faces: what AgeDB-DIR and IMDB-WIKI-DIR share.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554; protocol, split recipe and shots as
in YyzHarry/imbalanced-regression agedb-dir and imdb-wiki-dir at a6fdc45d45c0. What RnC does otherwise is as in
kaiwenzha/Rank-N-Contrast at eca433b44650.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.bases.age_lists import (
    SPLITS,
    balanced,
    by_person,
    drawn_like_training,
    fewer,
    people,
    read_list,
    thinned,
    within,
)
from bench.bases.holdout import NOTES, Selection
from bench.bases.photographs import RNC, Backbone, resnet
from bench.data.augmentation import jitter, resized_crop_and_flip, shift
from bench.data.image_cache import Fetch, Pictures, store
from bench.dataset import Bins, Dataset, Examples, Folder, Mode, Split, Splits
from bench.errors import BenchError
from bench.functional.random_streams import stream_seed
from bench.protocol import Protocol
from bench.ranges import Bands, PicturesKept, Pixels, ShareOrNumber
from bench.shots import regions
from bench.synthetic.faces import paint, sitters

Recipe = Literal["dir", "batch64", "zero_shot", "rnc"]
UNSEEN = "0-19+40-49+70-999"  # ages that zero_shot takes from the training split
FEWEST = 20  # pictures to train on
WEIGHED = 121  # ages of re-weighting, from 0 to 120, which takes in older ones

_DIR = Protocol(loss="l1", optimizer="adam", lr=1e-3, batch_size=256, epochs=90, milestones=(60, 80), batchnorm_split=4)
PROTOCOLS: dict[Recipe, Protocol] = {
    "dir": _DIR,
    "batch64": replace(_DIR, batch_size=64, lr=2.5e-4),
    "zero_shot": _DIR,
    "rnc": RNC,
}


class Ages(Dataset):
    """Base of the age datasets.

    Each age is a bin. Labels stay in years, as in the published code. Regions go by the training count of the very
    age: many above 100, few below 20; an age that is not in training counts as few, as the papers have it, but is
    zero under zero_shot.

    Protocols. dir: pictures squeezed to 224 x 224, RandomCrop with 16 black pixels around (in proportion at other
    sizes), mirrored or not; ResNet from scratch, convolutions He fan-out; L1, Adam without weight decay, 1e-3, 90
    epochs, a tenth of the rate after 60 and after 80, batch 256; the epoch of the best validation MAE; batch
    statistics over quarters of a batch, as on the 4 GPUs of the published runs (batchnorm_split=1 has them over all of
    it). Re-weighting counts by year from 0 to 120, and older ages in the last. batch64: the same with batch 64 at
    2.5e-4, as RankSim and ConR train. zero_shot: dir, with the training ages below 20, from 40 to 49 and from 70 on
    cut out, so that there is something to extrapolate and to interpolate; the RankSim paper (figure 5) and DIR show
    such bands in a picture only, these are ours. rnc: all that the RnC paper does otherwise: SGD 0.2, 400 epochs on a
    cosine, RandomResizedCrop from a fifth of the area, mirrored or not, colour jitter, gray (bench.data.augmentation
    says how); evaluation on the middle 224 of 256. Pictures are resized to 256 by their shorter side and cut to the
    middle square before anything else; RnC crops the uncut picture in training. The method rnc has this augmentation
    and its own schedule under each protocol; for its paper's row, evaluated as there, take
    protocol=rnc,backbone=resnet18.

    Unseen ages. unseen=interpolation leaves out three holes of five years (25 to 29, 40 to 44, 55 to 59),
    unseen=extrapolation both ends (below 20, from 70 on), unseen=blind_spot one wide hole (40 to 59); any other bands
    are written out, as unseen=30-39+80-89. They are in no training and no validation picture, so that nothing is
    chosen by them, and the region zero of the test. DIR, RankSim and RnC show the bands of such experiments in pictures
    only: these are ours.

    Fewer pictures. keep=2000 or keep=0.1 thins the training split alone, by a draw with a fixed seed: what a smaller
    one keeps, a larger one keeps too. keep=balanced has as many of each age as of the rarest that trains: with
    unseen=0-22+64-999 the balanced subset of RankSim's figures. Regions go by the counts of what is left.

    Synthetic faces (bench.synthetic.faces) have the real counts of every age and the published split. A sitter looks
    4 years (one deviation) older or younger than the label says, so that no method can do better than a MAE of 3.2
    years where ages are even.

    Args:
        images: the pictures on the disk, or painted faces that need no file.
        protocol: dir, batch64, zero_shot or rnc.
        backbone: resnet50, resnet18, or tiny, a ResNet of 4 thin blocks for smoke runs.
        size: pixels a side.
        rows: only so many pictures, spread evenly over the ages of each split.
        selection: the published validation split, balanced over ages; or as many pictures drawn like training.
        split: the published one, which has most people in all splits; or person by person, so that nobody is in two.
            Of five folds of people with ages alike one validates and one tests, of each at most `cap` pictures of an
            age (all that validate with selection=natural); the others are in no split.
        unseen: ages that neither train nor validate.
        keep: train on so many pictures only, on such a share of them, up to 1, or on as many of each age as of the
            rarest; validation and test stay as they are.
    """

    person: ClassVar[re.Pattern[str]]  # what of a picture's path tells who it shows; a path without it is alone
    counts: ClassVar[np.ndarray]  # pictures of each age
    cap: ClassVar[int]  # most pictures of an age that validate, and that test

    metrics = ("mae", "gmean_error", "mse", "r2", "balanced_mae", "balanced_mse", "sera")
    unit = "years"
    paper = "arXiv:2102.09554"
    groups = ("ages",)
    imports = ("timm",)
    evaluation_batch = 256

    def __init__(
        self,
        images: Literal["real", "synthetic"] = "real",
        protocol: Recipe = "dir",
        backbone: Backbone = "resnet50",
        size: Pixels = 224,
        rows: PicturesKept | None = None,
        selection: Selection = "balanced",
        split: Literal["published", "grouped"] = "published",
        unseen: Literal["interpolation", "extrapolation", "blind_spot"] | Bands | None = None,
        keep: ShareOrNumber | Literal["balanced"] | None = None,
    ) -> None:
        if size < 16:
            raise BenchError(f"size={size} shows no face; take 16 pixels or more")
        if rows is not None and rows < 20:
            raise BenchError(f"rows={rows} leaves nothing to validate on; take 20 or more")
        if split == "grouped" and images == "synthetic":
            raise BenchError(
                "split=grouped with images=synthetic: every painted face is a person of its own; leave split out"
            )
        if unseen and protocol == "zero_shot":
            raise BenchError(f"unseen={unseen} with protocol=zero_shot, which has bands of its own; leave one out")
        if isinstance(keep, int | float) and keep > 1 and (keep < FEWEST or keep % 1):
            raise BenchError(f"keep={keep:g} is no share and too few pictures; take up to 1, or {FEWEST} or more")
        self.recipe: Recipe = protocol
        self.unseen = unseen
        self.selection: Selection = selection
        self.grouped = split == "grouped"
        self.note = f"{'No two splits share a person. ' if self.grouped else ''}{NOTES[selection]}"
        self.backbone, self.size, self.rows = backbone, size, rows
        self.keep: float | Literal["balanced"] | None = keep
        self.protocol = PROTOCOLS[protocol]
        self.name = type(self).__module__.rpartition(".")[2]
        self.synthetic = images == "synthetic"
        self.bins = Bins(0.0, 1.0, len(self.counts), weighed=WEIGHED)
        self.small = f"{self.name}[backbone=tiny,images=synthetic,rows=300,size=32]"
        whole = not unseen and rows is None and keep is None
        usual = protocol in ("dir", "batch64") and whole and (backbone, size) == ("resnet50", 224)
        if self.synthetic or self.grouped or not usual:
            self.reported = None
        elif selection == "natural":
            self.reported_note = "the validation split is another one, and so are some of the training pictures"
        if self.synthetic:
            self.files = ()
        else:
            self.offline = f"{self.name}[images=synthetic]"
            self.folder = Folder(self.name, f"{self.name}/{self.name}.csv", self._names, self.collect)

    def load(self, root: Path) -> Splits:
        """Find or paint the pictures; those that do not fit in memory stay where they are."""
        if self.synthetic:
            ages = np.repeat(np.arange(len(self.counts)), self.counts)
            table = self._chosen(pd.DataFrame({"age": ages, "split": balanced(ages, self.cap)}))
        else:
            table = self._listed(root)
        # RnC's training crops are of more than what it evaluates on
        edge = self.size * 8 // 7 if self.recipe == "rnc" else self.size
        fetch, inputs = (
            self._painted(table.age.to_numpy(), edge) if self.synthetic else self._decoded(table, root, edge)
        )

        def split(name: str) -> Split:
            chosen = (table.split == name).to_numpy()
            if name == "train" or (name == "val" and self.unseen):
                chosen = chosen & ~self._unseen(table)
            if not chosen.any():
                left = f"unseen={self.unseen}" if self.unseen else f"rows={self.rows}"
                raise BenchError(f"{left} leaves no picture to {name} on; take {'fewer' if self.unseen else 'more'}")
            rows = torch.from_numpy(np.flatnonzero(chosen))
            labels = torch.from_numpy(table.age.to_numpy(np.float32))[rows, None]
            pictures = Pictures(fetch, rows, edge, edge if name == "train" else self.size)
            shared = {} if self.synthetic else {"person": people(table, self.person)[rows.numpy()]}
            return Split(pictures, labels, shared=shared)

        train, val, test = map(split, SPLITS)
        return Splits(train, val, test, inputs=inputs)

    def listed(self, root: Path) -> dict[str, dict[str, np.ndarray]] | None:
        """Who is in each split, by the list of pictures; None where it is not there, or faces are painted."""
        if self.synthetic or not (root / self.name / f"{self.name}.csv").is_file():
            return None
        table = self._listed(root)
        shown = people(table, self.person)
        return {name: {"person": shown[(table.split == name).to_numpy()]} for name in SPLITS}

    def collect(self, root: Path, path: Path) -> Iterable[tuple[str, bytes]]:
        """The list of pictures, where it comes with them: its path below the data root, and content."""
        del root, path
        return ()

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A ResNet whose residual branches start at full strength, on pixels between -1 and 1."""
        del splits
        return resnet(self.backbone)

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """Shifted and mirrored or not, every further view drawn anew.

        Strong, or under RnC's protocol: RandomResizedCrop, mirrored or not, colour jitter and gray.
        """
        if mode == "strong" or self.recipe == "rnc":
            x = jitter(resized_crop_and_flip(examples.x, self.size, rng), rng)
        else:
            x = shift(examples.x, round(self.size / 14), rng, flip=True)
        return replace(examples, x=x)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Region (N,) by the training count of the label itself."""
        return regions(train_labels, labels.ravel(), zero=self.recipe == "zero_shot" or bool(self.unseen))

    def sample(self, split: Split, row: int) -> np.ndarray:
        """The picture, (H, W, 3)."""
        return split.x[row : row + 1][0].permute(1, 2, 0).numpy()

    def _names(self, root: Path) -> list[str]:
        return self._listed(root).path.tolist()

    def _listed(self, root: Path) -> pd.DataFrame:
        table = self._chosen(read_list(root / self.name / f"{self.name}.csv", len(self.counts) - 1))
        return pd.DataFrame(table[table.split != ""]).reset_index(drop=True)

    def _chosen(self, table: pd.DataFrame) -> pd.DataFrame:
        drawn = self.selection == "natural"
        if self.grouped:
            table = by_person(table, people(table, self.person), self.cap, drawn)
        elif drawn:
            table = drawn_like_training(table, self._unseen(table))
        table = thinned(table, self.rows)
        return table if self.keep is None else fewer(table, self.keep, self._unseen(table))

    def _unseen(self, table: pd.DataFrame) -> np.ndarray:
        return within(table.age.to_numpy(), UNSEEN if self.recipe == "zero_shot" else self.unseen)

    def _decoded(self, table: pd.DataFrame, root: Path, edge: int) -> tuple[Fetch, str]:
        folder = root / self.name
        shape = "cropped" if self.recipe == "rnc" else "squeezed"
        decoded = store(folder, table.path.tolist(), edge, shape, folder / "decoded")
        return decoded.fetch, decoded.digest()

    def _painted(self, ages: np.ndarray, edge: int) -> tuple[Fetch, str]:
        columns = sitters(ages, stream_seed(0, f"faces/{self.name}"))
        digest = hashlib.sha256(b"".join(columns[name].tobytes() for name in sorted(columns)))
        tensors = {name: torch.from_numpy(column) for name, column in columns.items()}

        def fetch(rows: Tensor, device: torch.device) -> Tensor:
            return paint({name: column[rows].to(device, non_blocking=True) for name, column in tensors.items()}, edge)

        return fetch, digest.hexdigest()
