"""Tables with one skewed target, split as AgeDB-DIR is: balanced validation and test, the rest trains.

A dataset is one small file: its columns, its file, a cap, and the counts that its synthetic source repeats.
"""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal, get_args

import numpy as np
import torch
from torch import nn

from bench.bases.holdout import NOTES, Selection, capped, grouped, natural
from bench.data import reading
from bench.dataset import Bins, Dataset, Examples, Mode, Split, Splits
from bench.errors import BenchError
from bench.functional.devices import to_device_of
from bench.paths import shown
from bench.protocol import Protocol
from bench.shots import regions, tertiles

Hidden = Literal["20-30-10", "64-64", "128-128", "256-256"]
HIDDEN: tuple[Hidden, ...] = get_args(Hidden)
SPLIT_SEED = 666  # of Yang et al.'s AgeDB-DIR split
FOLDS = 5  # of a grouped split
SYNTHETIC_NOISE = 0.3  # deviation, where the signal stays within -1 and 1


class Tabular(Dataset):
    """Base of the tables. Label bins are one unit wide: bin k holds labels whose floor is k.

    Of the n rows of a bin, min(n // 3, cap) validate, as many test, the rest train; with selection=natural, of the
    rows that do not test as many validate, drawn at random, so that both have labels alike. Regions go by the
    training count of a label's bin: the top third of the bins is many, the bottom third few, as in SRL's
    deleted Airfoil code. Inputs and targets are standardised by training mean and deviation; a category
    becomes one column a value.

    Protocol: MSE and AdamW with its default weight decay are what the SRL paper states for its own
    training. MLP, rate, batch and epochs are ours, as no paper published them for these tables; a table says which of
    them `bench tune` has found for its baseline.

    Args:
        rows: the real table, or a synthetic one with as many rows in each label bin that needs no file.
        selection: validation rows that are balanced over label bins, or drawn like training.
        hidden: widths of the network's layers; the dataset's own unless given.
    """

    columns: ClassVar[tuple[str, ...]]  # of the file; the last one is the target
    category: ClassVar[tuple[str, str]] = ("", "")  # a column of letters, and the letters
    ignored: ClassVar[tuple[str, ...]] = ()  # columns that are no inputs
    delimiter: ClassVar[str] = ","
    header: ClassVar[int] = 0  # lines to skip
    cap: ClassVar[int]  # most rows of a bin that validate, and that test
    start: ClassVar[int]  # first label bin
    counts: ClassVar[str]  # rows of each label bin
    step: ClassVar[float]  # resolution of the labels
    origin: ClassVar[str] = ""  # what rows with equal values in some columns share
    of_origin: ClassVar[tuple[str, ...]] = ()  # those columns

    metrics = ("mae", "rmse", "gmean_error", "r2", "pearson", "balanced_mae", "balanced_mse", "sera")
    protocol = Protocol(
        loss="mse", optimizer="adamw", lr=1e-3, weight_decay=0.01, batch_size=64, epochs=200, validate_every=2
    )

    tunes: ClassVar = {
        "protocol.lr": (3e-4, 1e-3, 3e-3, 1e-2),
        "hidden": HIDDEN,
        "protocol.weight_decay": (0.01, 0.1, 1.0),
        "protocol.cosine_floor": (None, 0.0),
        "protocol.epochs": (200, 500, 1000),
    }
    widths: ClassVar[Hidden] = "20-30-10"

    def __init__(
        self,
        rows: Literal["real", "synthetic"] = "real",
        selection: Selection = "balanced",
        hidden: Hidden | None = None,
    ) -> None:
        self.hidden: Hidden = hidden or self.widths
        self.synthetic = rows == "synthetic"
        self.selection: Selection = selection
        self.note = NOTES[selection]
        self.bins = Bins(self.start, 1.0, len(self.counts.split()))
        if self.synthetic:
            self.files, self.reported = (), None
        else:
            self.offline = f"{type(self).__module__.rpartition('.')[2]}[rows=synthetic]"

    def load(self, root: Path) -> Splits:
        """Read or make the table, split it and standardise it."""
        x, labels = self._synthetic() if self.synthetic else self._real(root)
        origins = self._origins(x)
        train, val, test = self.split_of(labels, origins)
        shared = {self.origin: origins} if self.origin else {}
        mean, deviation = x[train].mean(0), x[train].std(0)
        x = (x - mean) / np.where(deviation > 0, deviation, 1)
        inputs, targets = torch.from_numpy(x).float(), torch.from_numpy(labels)[:, None].float()
        return Splits(
            *(
                Split(inputs[rows], targets[rows], shared={what: ids[rows] for what, ids in shared.items()})
                for rows in (train, val, test)
            ),
            shift=float(labels[train].mean()),
            scale=float(labels[train].std()),
        )

    def split_of(self, labels: np.ndarray, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that train, validate and test.

        Args:
            origins: number of each row's origin.
        """
        del origins
        train, val, test = split_rows(np.floor(labels), self.cap)
        if self.selection == "natural":
            train, val = natural(np.sort(np.append(train, val)), len(val), SPLIT_SEED)
        return train, val, test

    def _origins(self, x: np.ndarray) -> np.ndarray:
        # rows are numbered by what they share; without such columns each is of an origin of its own
        names = [name for name in self.columns[:-1] if name not in self.ignored]
        columns = [names.index(name) for name in self.of_origin] or slice(None)
        return np.unique(x[:, columns], axis=0, return_inverse=True)[1].ravel()

    def encoder(self, splits: Splits) -> tuple[nn.Module, int]:
        """MLP of the widths that `hidden` names, torch's own initial weights."""
        widths = (splits.train.x.shape[1], *map(int, self.hidden.split("-")))
        layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers), widths[-1]

    def transform(self, examples: Examples, rng: torch.Generator, mode: Mode) -> Examples:
        """A view has Gaussian noise of 0.05 training deviations on every input; training itself has none."""
        if mode in ("train", "evaluation"):
            return examples
        noise = to_device_of(torch.randn(examples.x.shape, generator=rng), examples.x)
        return replace(examples, x=examples.x + 0.05 * noise)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Region (N,) by the training count of the label's bin."""
        train, floors = np.floor(train_labels), np.floor(labels).ravel()
        many, few = tertiles(train)
        return regions(train, floors, many=many, few=few)

    def _real(self, root: Path) -> tuple[np.ndarray, np.ndarray]:
        path = root / self.files[0].path
        lines = reading.rows(path, delimiter=self.delimiter)[self.header :]
        for number, cells in lines:
            self._check(cells, f"{path}, line {number}")
        if not lines:
            raise BenchError(f"{path} has no rows; get it again")
        table = dict(zip(self.columns, zip(*(cells for _, cells in lines), strict=True), strict=True))
        labels = table.pop(self.columns[-1])
        inputs = [
            [[cell == letter for cell in cells] for letter in self.category[1]]
            if name == self.category[0]
            else [list(map(float, cells))]
            for name, cells in table.items()
            if name not in self.ignored
        ]
        return np.concatenate(inputs).T.astype(np.float64), np.array(labels, dtype=np.float64)

    def _check(self, cells: Sequence[str], where: str) -> None:
        if len(cells) != len(self.columns):
            raise BenchError(f"{where}: {len(cells)} fields, expected {len(self.columns)}: {', '.join(self.columns)}")
        for name, cell in zip(self.columns, cells, strict=True):
            if name == self.category[0]:
                if cell not in self.category[1]:
                    raise BenchError(f"{where}: {shown(cell)} is no {name}; there are: {', '.join(self.category[1])}")
            elif name not in self.ignored and not _is_finite(cell):
                raise BenchError(f"{where}: {name} is {shown(cell)}, expected a finite number")

    def _synthetic(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs are sines of the label, each with its own frequency and phase, plus Gaussian noise."""
        rng = np.random.default_rng(SPLIT_SEED)
        counts = np.array(self.counts.split(), dtype=int)
        floors = np.repeat(self.start + np.arange(len(counts)), counts)
        labels = floors + self.step * np.floor(rng.random(len(floors)) / self.step)
        width = len(self.columns) - 1 - len(self.ignored) + max(0, len(self.category[1]) - 1)
        frequency, phase = rng.uniform(0.5, 3.0, width), rng.uniform(0, 2 * np.pi, width)
        signal = np.sin(frequency * (labels - labels.mean())[:, None] / labels.std() + phase)
        return signal + SYNTHETIC_NOISE * rng.standard_normal(signal.shape), labels


class GroupedTabular(Tabular):
    """Base of the tables whose rows come in groups of one origin, as several measurements of one thing.

    With split=grouped rows of one origin are in one split: of five folds with labels alike one validates and one
    tests. Of those two at most `cap` rows of a bin are kept (all that validate with selection=natural); the others are
    in no split.

    Args:
        rows, selection, hidden: see `Tabular`.
        split: row by row, or origin by origin.
    """

    def __init__(
        self,
        rows: Literal["real", "synthetic"] = "real",
        selection: Selection = "balanced",
        split: Literal["rows", "grouped"] = "rows",
        hidden: Hidden | None = None,
    ) -> None:
        super().__init__(rows, selection, hidden)
        self.grouped = split == "grouped"
        if self.grouped:
            self.note = f"No two splits share a {self.origin}. {self.note}"
            self.reported = None

    def split_of(self, labels: np.ndarray, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that train, validate and test, as the base has them or origin by origin."""
        if not self.grouped:
            return super().split_of(labels, origins)
        train, val, test = grouped(labels, origins, FOLDS)
        bins = np.floor(labels)
        kept = val if self.selection == "natural" else capped(val, bins, self.cap, SPLIT_SEED)
        return train, kept, capped(test, bins, self.cap, SPLIT_SEED)


def split_rows(groups: np.ndarray, cap: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows (N,) that train, validate and test: of n rows in a group, min(n // 3, cap) are held out twice."""
    rng = np.random.default_rng(SPLIT_SEED)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for group in np.unique(groups):
        rows = rng.permutation(np.flatnonzero(groups == group))
        held = min(len(rows) // 3, cap)
        for part, some in zip(parts, (rows[2 * held :], rows[:held], rows[held : 2 * held]), strict=True):
            part.append(some)
    train, val, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, val, test


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def canonical(columns: tuple[str, ...], whole: tuple[str, ...] = ()) -> Callable[[bytes], bytes]:
    """For `File.convert`: a CSV rewritten with our header and shortest floats, whatever its source's form.

    Args:
        whole: columns that stay integers.
    """
    return partial(_rewrite, columns=columns, whole=whole)


def _rewrite(raw: bytes, columns: tuple[str, ...], whole: tuple[str, ...]) -> bytes:
    kinds = [int if name in whole else float for name in columns]
    lines = [",".join(columns)]
    for row in list(csv.reader(raw.decode("utf-8-sig").splitlines()))[1:]:
        lines.append(",".join(str(kind(cell)) for kind, cell in zip(kinds, row, strict=True)))
    return ("\n".join(lines) + "\n").encode()
