"""What a dataset is: samples, splits, shots, metrics and protocol.

Notation, here and everywhere: x inputs, y targets (N, T) in the units of the network, labels (N, T) in the
units of the dataset, z features (B, D), y_hat predictions; B batch, T targets, D feature width.
"""

import hashlib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.functional.devices import to_device_of
from bench.functional.plain_rows import plain_rows
from bench.protocol import Protocol


@dataclass(frozen=True)
class Bins:
    """Label bins of one scalar target: bin k holds labels from edge k up to edge k + 1, bin `first` lower ones too.

    Edges are float32, as published: float64 moves many of STS-B's scores. `counts` are training samples by bin where
    published code has a table; `weighed` bins, where given, are those of re-weighting, whose last takes in all beyond.

    >>> Bins(0.0, 1.0, 3).index(torch.tensor([0.2, 1.0, 9.0]))
    tensor([0, 1, 2])
    """

    start: float
    width: float
    number: int
    first: int = 0
    counts: tuple[int, ...] | None = None
    weighed: int | None = None

    def index(self, labels: Tensor) -> Tensor:
        """Bin number of each label, from the first to the last; any shape, int64."""
        edges = np.linspace(self.start, self.start + self.number * self.width, self.number + 1)
        inner = to_device_of(torch.tensor(edges[1:-1]).float(), labels)
        index = torch.bucketize(labels.float().contiguous(), inner, right=True)
        return index.clamp_min(self.first) if self.first else index


@dataclass(frozen=True)
class File:
    """One data file below the data root.

    Args:
        path: below the data root.
        sha256: of the file, lower-case hex; "" where nobody here has had the file, but its repository's list.
        url: where `bench data fetch` gets it; None where only its authors hand it out.
        member: name inside the archive behind url, if it is one.
        licence: terms, in a word.
        convert: makes the file's bytes from those of the source; ValueError where they have another form.
        alternatives: files of the same content; the first one present stands in for a missing file.
        mirrors: further addresses of what url gives, tried in this order.
        largest: bytes that are taken at most of a download, of an archive's member, or of a file.
        git_blob: the hash by which Git lists the file in its repository, checked where there is no sha256.
    """

    path: str
    sha256: str
    url: str | None = None
    member: str | None = None
    licence: str = "see source"
    convert: Callable[[bytes], bytes] | None = None
    alternatives: tuple["File", ...] = ()
    mirrors: tuple[str, ...] = ()
    largest: int = 2**30
    git_blob: str = ""

    @property
    def checksum(self) -> tuple[Literal["SHA-256", "Git hash"], str]:
        """What the file is checked by: the kind of checksum, and it."""
        return ("SHA-256", self.sha256) if self.sha256 or not self.git_blob else ("Git hash", self.git_blob)

    def find(self, root: Path) -> "File | None":
        """The file itself, or else its first alternative, that is below the data root; None if none is."""
        return next((file for file in (self, *self.alternatives) if (root / file.path).is_file()), None)


@dataclass(frozen=True)
class Folder:
    """Many files that only their authors hand out, known by a list of their names.

    Args:
        path: below the data root.
        index: the file that names them, below the data root.
        names: of the files below path, those that the dataset reads, given the data root.
        collect: given data root and the user's folder, what to write below the root beside `files`: that file, if it
            is none of them, and others that come with it, as (path, content).
        licence: terms, in a word.
    """

    path: str
    index: str
    names: Callable[[Path], Sequence[str]]
    collect: Callable[[Path, Path], Iterable[tuple[str, bytes]]]
    licence: str = "see source"

    def missing(self, root: Path) -> list[str]:
        """Names of the files that are not there."""
        return [name for name in self.names(root) if not (root / self.path / name).is_file()]


class Samples(typing.Protocol):
    """What a split holds: a tensor, or what gives tensors when it is indexed, as pictures that stay on the disk."""

    @property
    def shape(self) -> torch.Size:
        """(N, ...)."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Tensor: ...

    def to(self, device: Any, /) -> "Samples":
        """The same samples for another device."""
        ...


@dataclass
class Split:
    """One split. Dense targets are (N, T, H, W); those of the training split may be a `bench.data.stored.Coded`.

    `weights` (N, 1) say what each training sample counts in the loss, beside the weights of a method.
    `shared` says what rows have in common with rows of other splits, by a word such as "person": numbers or texts,
    (N,) or several of a row (N, K). `bench data audit` counts them; training never sees them.
    """

    x: Samples
    labels: Tensor  # (N, T) in the units of the dataset
    mask: Tensor | None = None  # the shape of labels, True where a dense target counts
    shared: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray], kw_only=True)
    weights: Tensor | None = field(default=None, kw_only=True)
    regions: np.ndarray | None = field(default=None, kw_only=True)  # (N,) of the rows, where not labels tell them

    def __len__(self) -> int:
        return len(self.labels)

    def plain_features(self) -> "PlainFeatures":
        """Of a training split: what makes plain features, see `Dataset.plain_features`."""
        return lambda split: plain_rows(split.x)


PlainFeatures = Callable[[Split], Tensor]  # features (N, F) of the rows of any split, float64


@dataclass(frozen=True)
class Examples:
    """Some rows of a split as they go into the network: what augmentation changes together."""

    x: Tensor  # (B, ...)
    y: Tensor  # (B, T) targets in network units; dense ones (B, T, H, W)
    w: Tensor | None = None  # (B, 1) sample weights
    mask: Tensor | None = None  # the shape of y, True where a dense target counts


@dataclass
class Splits:
    """The three splits and the affine map from labels to the network's targets: y = (label - shift) / scale.

    `inputs` stands for the inputs, and for labels that are no tensor, in the fingerprint where they are too many to be
    hashed: SHA-256 of their files.
    `reference_rows` stand for the training split where dense features of all of it do not fit in memory: rows from
    which methods learn the distribution of labels and, without augmentation, that of features after each epoch.

    >>> few = Split(torch.zeros(4, 2), torch.tensor([[1.0], [1.0], [2.0], [9.0]]))
    >>> len(Splits(few, few, few).reference_labels())
    4
    """

    train: Split
    val: Split
    test: Split
    shift: float = 0.0
    scale: float = 1.0
    inputs: str | None = None
    reference_rows: Tensor | None = None

    def reference_labels(self) -> Tensor:
        """Training labels that the distribution of labels is learned from: all, or those of the reference rows."""
        return self.train.labels if self.reference_rows is None else self.train.labels[self.reference_rows]

    def fingerprint(self) -> str:
        """SHA-256 over inputs, labels and split, as float32: the same for every file format and platform."""
        digest = hashlib.sha256((self.inputs or "").encode())
        for split in (self.train, self.val, self.test):
            hashed = (split.labels,) if self.inputs else (split.x, split.labels)
            for tensor in (*hashed, split.weights):
                if isinstance(tensor, Tensor):
                    array = np.ascontiguousarray(tensor.numpy().astype("<f4", copy=False))
                    digest.update(str(array.shape).encode() + array.tobytes())
        return digest.hexdigest()


Mode = Literal["train", "view", "strong", "evaluation"]  # what a batch is transformed for


class Dataset:
    """Base of all datasets. A subclass in datasets/NAME.py is found by its file name.

    Constructor arguments are the parameters that a name may carry (`stsb[split=gong]`).

    >>> class Line(Dataset):
    ...     metrics, protocol = ("mae",), Protocol(epochs=3)
    ...     def load(self, root):
    ...         x = torch.linspace(-1, 1, 32)[:, None]
    ...         return Splits(*(Split(x, 3 * x) for _ in range(3)))
    ...
    ...     def encoder(self, splits):
    ...         return nn.Linear(1, 4), 4
    >>> Line().load(Path()).fingerprint()[:6]
    '11e6c5'
    """

    metrics: ClassVar[tuple[str, ...]]  # of bench.metrics; the first one selects the epoch
    protocol: Protocol
    huber_beta: ClassVar[float] = 1.0  # protocol.huber_beta where a user asks for protocol.loss=huber
    unit: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    groups: ClassVar[tuple[str, ...]] = ()  # names that stand for several datasets, as in --dataset uci
    synthetic: bool = False  # made-up samples: their records never enter a real board
    bins: Bins | None = None
    evaluation_batch: int = 1024  # samples that fit into memory at once without gradients
    excluded: ClassVar[Mapping[str, str]] = {}  # methods that are not defined here, and why
    regressor: tuple[str, ...] = ()  # submodules of the encoder that are trained again with the head, as by RRT
    dense_targets: bool = False  # targets are maps (N, T, H, W), of which a mask says what counts
    token_inputs: bool = False  # inputs are word numbers, with which nothing can be computed
    note: str = ""  # a sentence on how its samples or its protocol depart from the usual, for its board
    files: tuple[File, ...] = ()
    tunes: ClassVar[Mapping[str, Sequence[Any]]] = {}  # protocol.FIELD or parameter -> what `bench tune` begins with
    optional: tuple[File, ...] = ()  # files that other parameters read: `bench data add` takes them as well
    folder: Folder | None = None
    offline: str = ""  # the name of this dataset's offline source, offered where the data is missing
    imports: ClassVar[tuple[str, ...]] = ()  # slow to import: done once for all cells of a run, not in each process
    small: str = ""  # the name of a few hundred generated samples that a smoke run trains on in a second or two
    reported_note: str = ""  # why the papers' rows are not comparable with ours, printed with them
    reported: str | None = None  # the name of this dataset in the papers' table, where rows are comparable

    def load(self, root: Path) -> Splits:
        """Read or make the three splits; `root` is the data root. Never depends on a training seed."""
        raise NotImplementedError

    def listed(self, root: Path) -> Mapping[str, Mapping[str, np.ndarray]] | None:
        """What the rows of train, val and test share, as in `Split.shared`, where lists tell it without the samples."""
        del root

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """A new feature extractor and its feature width D, drawn from torch's global generator."""
        raise NotImplementedError

    def head(self, width: int, outputs: int) -> nn.Module:
        """A new regressor from D features to `outputs` numbers, drawn from torch's global generator."""
        return nn.Linear(width, outputs)

    def plain_features(self, train: Split) -> PlainFeatures:
        """What makes plain features of any split, for references: whatever it learns, it learns from `train` alone.

        By default the inputs as they are, and of pictures the mean of each of 8 x 8 cells.
        """
        return train.plain_features()

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """Augment a batch on its device, every example with numbers of its own; identity by default.

        Args:
            rng: where all random numbers come from.
            mode: "train", or "view": one more view of the same batch, for methods that contrast views; "strong":
                heavier, as recipes of contrastive learning ask for; "evaluation": no change but the form of evaluation.
        """
        del rng, mode
        return examples

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
        """Region of each label: many, medium, few or zero; None where the dataset has no regions."""
        del train_labels, labels

    def sample(self, split: Split, row: int) -> np.ndarray | str | None:
        """One sample for people to look at: a picture (H, W, 3) uint8, or a text; None where there is neither."""
        del split, row

    def predictions_shape(self, split: Split) -> tuple[int, ...]:
        """Shape of a split's predictions: that of its labels, unless they are resized to be compared."""
        return tuple(split.labels.shape)

    def evaluation_arrays(self, y_hat: Tensor, split: Split) -> tuple[np.ndarray, np.ndarray]:
        """Predictions and labels, both in label units, as the arrays that metrics compare."""
        return y_hat.double().numpy(), split.labels.double().numpy()


def missing_files(dataset: Dataset, root: Path) -> list[File]:
    """The files of a dataset that are not below the data root."""
    return [file for file in dataset.files if file.find(root) is None]
