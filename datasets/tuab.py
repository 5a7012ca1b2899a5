"""TUAB: how old somebody is, in years, from 21 channels of their resting EEG (brain age).

Recordings: Lopez et al., Automated Identification of Abnormal Adult EEGs, 2015; the Temple University Hospital Abnormal
EEG Corpus, handed out for research on a signed form (isip.piconepress.com/projects/nedc/html/tuh_eeg). Of version 2 or
3 leave the folders edf/train/normal and edf/eval/normal as they are, and run `bench data add tuab FOLDER`; MNE reads
EDF (extra `eeg`). Ages are in the files' headers, as braindecode reads them: whole years. Recordings without one, or
with one above 100, are left out.

Which recordings, channels and filter: Engemann et al., A reusable benchmark of brain-age prediction from M/EEG resting-
state signals, NeuroImage 2022, meeg-ml-benchmarks/brain-age-benchmark-paper at c57eba38c8b9: normal EEG alone, of each
person the first, electrodes A1 to T6, 0.1 to 49 Hz, 200 points a second. Rank-N-Contrast names 1,385 recordings of 21
channels; whether this rule gives as many is unverified, as nobody here has had the corpus.
Split: RnC's is unpublished; its sizes as remembered, unverified, are 1,246 to train and 139 to test. Here a tenth of
the people, rounded, tests, drawn at random, and another tenth validates. split=corpus tests on the corpus's own
evaluation part, and a tenth of the others validates. Nobody is in two splits.
Regions: RnC has none. As in the tables here, the third of the ages with most training rows is many, the last third few.
Protocol, ours where RnC's is unpublished: from the second minute on, or as late as there is enough, `seconds` of
signal, limited to 800 µV; training crops 10 of them at random, evaluation takes all. A ResNet-18 along time, with 1-D
convolutions of 7; RnC's network is another. Loss and schedule as RnC on AgeDB. References see each channel's power in
five bands.

signals=synthetic: made-up EEG (bench.synthetic.brainwaves) of 1,385 people whose ages are drawn evenly from a bell
curve around 45; they sound 4 years (one deviation) older or younger than the label says.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from bench.bases.age_lists import SPLITS, thinned
from bench.bases.photographs import RNC
from bench.bases.signal_network import SignalNetwork
from bench.data import reading
from bench.data.eeg import CHANNELS, OLDEST, RATE, read_header, read_signal
from bench.data.signals import store_signals
from bench.data.stored import Stored
from bench.dataset import Bins, Dataset, Examples, Folder, Mode, PlainFeatures, Split, Splits
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.functional.random_streams import stream_seed
from bench.paths import inside, shown
from bench.ranges import PicturesKept
from bench.shots import regions, tertiles
from bench.synthetic.brainwaves import people, record

CROP = 10  # seconds, in training
STEP, LIMIT = 0.05, 800.0  # µV: of the kept integers, and the largest
UNIT = 20.0  # µV that are 1 to the network
BANDS = (0.5, 4, 8, 13, 30, 49)  # Hz
MADE = 1385  # synthetic people
LISTED = ["path", "person", "age", "part", "seconds"]
NETWORKS = {"resnet18": ((64, 128, 256, 512), 2), "tiny": ((8, 16), 1)}
Seconds = Annotated[int, Ge(CROP), Le(600)]


class TUAB(Dataset):
    """Resting EEG to an age.

    Args:
        signals: the recordings on the disk, or made-up ones that need no file.
        split: person by person at random, or as the corpus has it.
        seconds: kept of each recording; shorter ones are left out.
        backbone: resnet18 along time, or tiny for smoke runs.
        rows: only so many recordings, spread evenly over the ages of each split.
    """

    metrics = ("mae", "r2", "rmse", "gmean_error", "balanced_mae")
    unit = "years"
    paper = "arXiv:2210.01189"
    protocol = RNC
    evaluation_batch = 64
    reported = "TUAB"
    reported_note = "RnC's split, signals and network are unpublished: not comparable"
    note = "No two splits share a person."
    bins = Bins(0.0, 1.0, OLDEST + 1)
    small = "tuab[backbone=tiny,rows=100,seconds=10,signals=synthetic]"

    def __init__(
        self,
        signals: Literal["real", "synthetic"] = "real",
        split: Literal["people", "corpus"] = "people",
        seconds: Seconds = 30,
        backbone: Literal["resnet18", "tiny"] = "resnet18",
        rows: PicturesKept | None = None,
    ) -> None:
        self.synthetic = signals == "synthetic"
        self.split, self.seconds, self.backbone, self.rows = split, seconds, backbone, rows
        if self.synthetic and split == "corpus":
            raise BenchError("split=corpus with signals=synthetic: made-up people are in no corpus; leave split out")
        if self.synthetic or (split, seconds, backbone, rows) != ("people", 30, "resnet18", None):
            self.reported = None
        if not self.synthetic:
            self.offline = "tuab[signals=synthetic]"
            self.folder = Folder("tuab", "tuab/tuab.csv", self._names, collected, licence="on a signed form")

    def load(self, root: Path) -> Splits:
        """Read or make the signals."""
        table = self._chosen(made_up() if self.synthetic else self._listed(root))
        points = self.seconds * RATE
        if self.synthetic:
            columns = people(table.age.to_numpy(np.float64), stream_seed(0, "brainwaves"))
            array = quantised(record(columns, points))
            digest = hashlib.sha256(b"".join(columns[name].tobytes() for name in sorted(columns))).hexdigest()
        else:
            shape, folder = (len(CHANNELS), points), root / "tuab"
            array, digest = store_signals(folder, table.path.tolist(), shape, folder / "read", self._read)

        def split(name: str) -> Split:
            rows = np.flatnonzero(table.split == name)
            if not len(rows):
                raise BenchError(f"rows={self.rows} leaves no recording to {name} on; take more")
            labels = torch.from_numpy(table.age.to_numpy(np.float32)[rows, None])
            return Split(Stored(array, rows), labels, shared={"person": table.person.to_numpy()[rows].astype(str)})

        train, val, test = map(split, SPLITS)
        return Splits(train, val, test, inputs=digest)

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A ResNet along time, from scratch."""
        del splits
        widths, blocks = NETWORKS[self.backbone]
        return SignalNetwork(len(CHANNELS), widths, blocks, UNIT / STEP), widths[-1]

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """Ten seconds of each signal, drawn anew for every view."""
        x = examples.x
        if mode == "evaluation":
            return examples
        starts = torch.randint(x.shape[2] - CROP * RATE + 1, (len(x), 1), generator=rng)
        index = to_device_of(starts + torch.arange(CROP * RATE), x)
        return replace(examples, x=x.gather(2, index[:, None].expand(-1, x.shape[1], -1)))

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Region (N,) by the training count of the age."""
        many, few = tertiles(train_labels)
        return regions(train_labels, labels.ravel(), many=many, few=few)

    def plain_features(self, train: Split) -> PlainFeatures:
        """The logarithm of each channel's power in five bands, (N, 105)."""
        del train
        return lambda split: torch.cat([powers(split.x[rows]) for rows in torch.arange(len(split)).split(64)])

    def _names(self, root: Path) -> list[str]:
        return self._listed(root).path.tolist()

    def _listed(self, root: Path) -> pd.DataFrame:
        table = read_list(root / "tuab" / "tuab.csv")
        return pd.DataFrame(table[table.seconds >= self.seconds]).reset_index(drop=True)

    def _chosen(self, table: pd.DataFrame) -> pd.DataFrame:
        tenth = round(len(table) / 10)
        drawn = np.random.default_rng(stream_seed(0, "tuab/split")).permutation(len(table))
        split = np.full(len(table), "train", dtype=object)
        if self.split == "corpus":
            evaluated = (table.part == "eval").to_numpy()
            drawn = drawn[~evaluated[drawn]]
            split[evaluated], split[drawn[: round(len(drawn) / 10)]] = "test", "val"
        else:
            split[drawn[:tenth]], split[drawn[tenth : 2 * tenth]] = "test", "val"
        return thinned(table.assign(split=split), self.rows)

    def _read(self, path: Path) -> np.ndarray:
        return quantised(read_signal(path, self.seconds))


def made_up() -> pd.DataFrame:
    """The synthetic list: ages from 1 to 95, evenly from a bell curve, and a person each."""
    from scipy.stats import norm  # pyright: ignore[reportUnknownVariableType, reportMissingTypeStubs]

    ages = norm.ppf((np.arange(MADE) + 0.5) / MADE, 45, 19).round().clip(1, 95).astype(int)
    return pd.DataFrame({"age": ages, "person": np.arange(MADE)})


def quantised(microvolts: np.ndarray) -> np.ndarray:
    """Signals in µV as int16 steps of 0.05 µV, limited to 800 µV."""
    return np.rint(np.clip(microvolts, -LIMIT, LIMIT) / STEP).astype(np.int16)


def powers(x: Tensor) -> Tensor:
    """Logarithm of the mean power in each band of BANDS, (B, C, L) steps -> (B, C · 5) float64."""
    spectrum = torch.fft.rfft(x.double() * STEP).abs().square()
    frequency = torch.fft.rfftfreq(x.shape[2], 1 / RATE, dtype=torch.float64)
    bands = [spectrum[..., (frequency >= low) & (frequency < high)].mean(2) for low, high in pairwise(BANDS)]
    return torch.stack(bands, dim=2).clamp(min=1e-12).log().flatten(1)


def read_list(path: Path) -> pd.DataFrame:
    """The list that `collected` writes.

    Raises:
        BenchError: naming the first line that is not as it must be.
    """
    lines = reading.rows(path, LISTED)
    for number, (name, _, age, part, seconds) in lines:
        inside(name, f"{path}, line {number}")
        if not (age.isdecimal() and seconds.isdecimal() and part in ("train", "eval")):
            text = shown(f"{age},{part},{seconds}")
            raise BenchError(f"{path}, line {number}: {text} is no age, part and length; run bench data add again")
    table = pd.DataFrame([cells for _, cells in lines], columns=pd.Index(LISTED))
    return table.astype({"age": int, "seconds": int})


def collected(root: Path, path: Path) -> Iterator[tuple[str, bytes]]:
    """Our list of each person's first normal recording below a folder, from the files' names and headers."""
    found = [(file, part) for file in reading.walk(path) if (part := _part(file)) is not None]
    if not found and (root / "tuab" / "tuab.csv").is_file():
        return  # recordings that were missing, added to a list that is there
    first: dict[str, tuple[str, ...]] = {}
    for file, part in sorted(found, key=lambda one: one[0].name):
        person = file.name.partition("_")[0]
        header = read_header(file)
        if header is not None and person not in first:
            age, seconds = header
            below = file.as_posix().rpartition(f"/{part}/normal/")[2]
            first[person] = (f"{part}/normal/{below}", person, str(age), part, str(seconds))
    if not first:
        raise BenchError(f"no recording with an age is below {path}, as edf/train/normal/.../NAME.edf")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([LISTED, *(first[person] for person in sorted(first))])
    yield "tuab/tuab.csv", out.getvalue().encode()


def _part(file: Path) -> Literal["train", "eval"] | None:
    if file.suffix.lower() != ".edf":
        return None
    return next((part for part in ("train", "eval") if f"/{part}/normal/" in file.as_posix()), None)
