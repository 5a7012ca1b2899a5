"""A description written from the data alone: every choice on a line of its own, with its reason."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os.path import relpath
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bench.described import hugging_face, kinds, reading, sources, splitting, targets
from bench.described.description import SplitPart
from bench.described.sources import words
from bench.errors import BenchError
from bench.paths import shown

BALANCED_FROM = 500  # rows, from which on a balanced test split is large enough
STEPS = {"table": 3000, "pictures": 110, "texts": 300}  # of an optimiser, about as many as a small network needs


@dataclass(frozen=True)
class Wishes:
    """What a user has said of a table beside its target: columns by what they are for."""

    unit: str = ""
    weight: str = ""
    group: str = ""
    time: str = ""
    split: str = ""
    text: str = ""

    def used(self) -> list[str]:
        """The columns that are no inputs."""
        return [name for name in (self.weight, self.group, self.split) if name]


@dataclass(frozen=True)
class Written:
    """A description as text, and what to warn of."""

    text: str
    warnings: tuple[str, ...]


def describe(path: Path, target: str | Sequence[str], folder: Path, name: str, wishes: Wishes | None = None) -> Written:
    """Look at data and describe them: a file of rows, a folder of pictures, or a dataset of Hugging Face.

    Args:
        target: the columns to predict, as names, or as a command line has them, with commas.
        folder: where the description will lie; the path in it starts there.
        name: of the dataset.

    Raises:
        BenchError: the data cannot be read, or cannot be learned from.
    """
    wishes = wishes or Wishes()
    found = sources.look(path, wishes.text)
    table, origin = found.table, found.origin
    target = sources.named(target, table) if isinstance(target, str) else list(target)
    asked = replace(wishes, text=next((name for name in found.columns if name in target), "") if wishes.text else "")
    _require_apart(target, asked)
    reading.require(table, [*wishes.used(), *filter(None, [wishes.time])], origin)
    labels = np.stack([reading.numeric(table, one, origin) for one in target], axis=1)
    there = np.isfinite(labels).all(1)
    rows, labels = table[there].reset_index(drop=True), labels[there]
    reading.require_learnable(labels, target, origin)
    if wishes.weight:
        reading.weights(rows, wishes.weight, origin)
    if found.split and not (wishes.split or wishes.group or wishes.time):
        wishes = replace(wishes, split=found.split)
    where = path.as_posix() if hugging_face.hub_name(path) else _relative(path, folder)
    head = _head(where, found.kind, name, target, wishes, len(table) - len(rows))
    match found.kind:
        case "table":
            columns = _columns(rows, [*target, *wishes.used()])
            if wishes.time in columns:
                columns[wishes.time] = kinds.Guess("ignored", "the split is by it: what is tested lies beyond training")
            if all(guess.kind == "ignored" for guess in columns.values()):
                why = [f"{shown(column)} is left out: {guess.reason}" for column, guess in columns.items()]
                raise BenchError(
                    f"{path} has no column to predict {', '.join(target)} from; {'; '.join(why[:2]) or 'add one'}"
                )
            own, network = [_column_lines(columns)], _table_network()
        case "pictures":
            head += [
                *([_line("list", found.list, "the file of rows in that folder")] if found.list else []),
                _line("file", found.columns[0], "the column of the pictures" if not found.list else "of file names"),
            ]
            own, network = [_picture_lines()], _backbone_lines()
        case _:
            head.append(_line("text", list(found.columns), "what is read"))
            own, network = [], _text_lines(rows, found.columns)
    more, warned = _of_one(rows, labels[:, 0], wishes, name) if len(target) == 1 else _of_several(wishes)
    blocks = [head, *own, more, network, _training(len(rows), found.kind)]
    return Written("\n\n".join("\n".join(block) for block in blocks) + "\n", tuple(warned))


def _relative(path: Path, folder: Path) -> str:
    return Path(relpath(path.absolute(), folder.absolute())).as_posix()


def _picture_lines() -> list[str]:
    return [
        "[picture]",
        _line("size", 64, "pixels a side, which pictures are squeezed to"),
        _line("augmentation", "shift_flip", "of training: none, flip, shift, shift_flip or crop_flip_colour"),
    ]


def _backbone_lines() -> list[str]:
    return [
        "[network]",
        _line("backbone", "tiny", "a thin ResNet for a CPU; or any model of timm, such as resnet18"),
        _line("pretrained", False, "true: timm's published weights; or a file of weights"),
    ]


def _text_lines(rows: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    lengths = [len(words(str(text))) for name in columns for text in rows[name].head(2000)]
    length = int(np.clip(np.quantile(lengths, 0.98), 4, 256))
    return [
        "[network]",
        _line("kind", "bilstm", "over words of training; encoder: a Hugging Face model (extra transformers)"),
        _line("encoder", "", "of that kind: its folder, or its name on the hub"),
        _line("frozen", True, "of that kind: keep it as it is, and learn from its features"),
        _line("length", length, "most words or tokens of a text; 98 of 100 texts are no longer"),
        _line("hidden", 64, "width"),
    ]


def _require_apart(target: Sequence[str], wishes: Wishes) -> None:
    if not target:
        raise BenchError("no column to predict is named; name one with --target")
    if len(set(target)) < len(target):
        raise BenchError(f"the target {max(target, key=target.count)} is named twice; name each column once")
    for what in ("weight", "group", "time", "split", "text"):
        if getattr(wishes, what) in target:
            raise BenchError(f"--{what} {getattr(wishes, what)} is the target; name another column")


def _columns(rows: pd.DataFrame, apart: Iterable[str]) -> dict[str, kinds.Guess]:
    names = [name for name in rows.columns if name not in set(apart)]
    if len(set(names)) < len(names):
        raise BenchError(f"two columns are named '{max(names, key=names.count)}'; give each a name of its own")
    return {name: kinds.guess(rows[name]) for name in names}


KIND = {
    "table": "rows of numbers, categories and dates",
    "pictures": "files with a number each",
    "texts": "one text a row, or two",
}


def _head(where: str, kind: str, name: str, target: Sequence[str], wishes: Wishes, lacking: int) -> list[str]:
    dropped = f"; {lacking:,} rows without one are left out" if lacking else ""
    lines = [
        f"# Dataset {name}: written from its data by bench; every line is yours to change.",
        _line("kind", kind, KIND[kind]),
        _line("path", where, "from the folder of this file"),
        _line("target", target[0] if len(target) == 1 else list(target), f"what is predicted{dropped}"),
        _line("unit", wishes.unit, "of the target, printed beside errors"),
    ]
    return [*lines, _line("weight", wishes.weight, "how much each row counts in training")] if wishes.weight else lines


def _column_lines(columns: dict[str, kinds.Guess]) -> list[str]:
    lines = ["[columns]  # numeric, quantile, category, boolean, date or ignored"]
    return [*lines, *(_line(name, guess.kind, guess.reason) for name, guess in columns.items())]


def _of_one(rows: pd.DataFrame, labels: np.ndarray, wishes: Wishes, name: str) -> tuple[list[str], list[str]]:
    chosen = targets.choose(labels)
    bins = chosen.bins.index(torch.from_numpy(labels)).numpy()
    cap = splitting.cap(bins)
    split, reason = _split(wishes, len(rows), cap)
    column = rows[split.column] if split.column else None
    train, _, test = splitting.split(labels, bins, column, split, name)
    many, few = targets.thresholds(bins[train], bins[test])
    lines = [
        *_split_lines(split, reason),
        "",
        "[bins]  # of labels, by which rare ones are told from frequent ones",
        _line("start", chosen.bins.start, "lower edge of the first bin"),
        _line("width", chosen.bins.width, chosen.reason),
        _line("number", chosen.bins.number, "of bins"),
        "",
        "[shots]  # regions of a board, by the training rows of a label's bin",
        _line("many", many, "more than this is many-shot"),
        _line("few", few, "fewer than this is few-shot, none is zero-shot, the rest medium-shot"),
    ]
    return lines, _warnings(labels, bins, train, test, many, few)


def _of_several(wishes: Wishes) -> tuple[list[str], list[str]]:
    split, reason = _split(wishes, 0, 1)
    return _split_lines(split, reason), [
        "several targets have neither bins nor regions: methods that need them skip it"
    ]


def _split(wishes: Wishes, rows: int, cap: int) -> tuple[SplitPart, str]:
    if wishes.split:
        return SplitPart(way="column", column=wishes.split), "as a column says: train, val or test"
    if wishes.time:
        return SplitPart(way="time", column=wishes.time), "the last fifth tests, the fifth before it validates"
    if wishes.group:
        return SplitPart(way="groups", column=wishes.group), "rows of one group are in one split"
    if rows >= BALANCED_FROM:
        return SplitPart(
            way="balanced", cap=cap
        ), "validation and test are balanced over labels; or natural, groups, time, column"
    return SplitPart(
        way="natural"
    ), f"all splits alike, as there are under {BALANCED_FROM} rows; or balanced, groups, time, column"


def _split_lines(split: SplitPart, reason: str) -> list[str]:
    lines = ["[split]  # never depends on a training seed", _line("way", split.way, reason)]
    if split.column:
        lines.append(_line("column", split.column, "the column that says so"))
    if split.way == "balanced":
        lines.append(_line("cap", split.cap, "most rows of a label bin that validate, and that test: about 15% of all"))
    return lines


def _table_network() -> list[str]:
    return [
        "[network]",
        _line("kind", "mlp", "small and quick; embedded is larger and often better (extra tables)"),
        _line("hidden", [128, 128], "widths of its layers"),
    ]


def _training(rows: int, kind: str) -> list[str]:
    size = 64 if rows < 3000 else 128 if rows < 20_000 else 256
    epochs = int(np.clip(round(STEPS[kind] * size / max(1, 0.7 * rows)), 10, 200))
    more = [
        _line("lr", 3e-3, "falls to nothing on a cosine, as there are few steps"),
        _line("cosine_floor", 0.0, "final learning rate, as a share"),
        _line("channels_last", True, "how pictures lie in memory, which is faster"),
    ]
    return [
        "[protocol]  # any field of a training protocol, as of bench run --set protocol.FIELD",
        _line("batch_size", size, f"for {rows:,} rows"),
        _line("epochs", epochs, f"about {STEPS[kind]:,} steps; the best of them by validation is kept"),
        _line("validate_every", max(1, epochs // 50), "epochs between two validations"),
        *(more if kind == "pictures" else []),
    ]


def _warnings(
    labels: np.ndarray, bins: np.ndarray, train: np.ndarray, test: np.ndarray, many: int, few: int
) -> list[str]:
    from bench.shots import ORDER, regions

    found = regions(bins[train], bins[test], many, few, zero=True)
    counts = {region: int((found == region).sum()) for region in ORDER}
    empty = [region for region in ORDER[:3] if not counts[region]]
    warned = [f"no test row is {' or '.join(empty)}-shot: too few different labels for regions"] if empty else []
    thin = [f"{number} {region}-shot" for region, number in counts.items() if 0 < number < targets.THIN]
    if thin:
        warned.append(f"test rows are only {' and '.join(thin)}: errors there say little, so read those over all rows")
    if 2 * len(train) < len(bins):
        warned.append(f"only {len(train):,} of {len(bins):,} rows train, by the split that was asked for")
    counts = np.bincount(bins[train])
    if (share := counts.max() / len(train)) > 0.9:
        alike = len(np.unique(labels[train][bins[train] == counts.argmax()])) == 1
        advice = ", as they have one label" if alike else ": make bins.width smaller to tell them apart"
        warned.append(f"{share:.0%} of the training rows are in one label bin{advice}")
    return warned


def _line(key: str, value: object, reason: str) -> str:
    bare = (
        key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=True)
    )
    return f"{bare} = {json.dumps(value)}  # {' '.join(reason.split())}"
