"""Leaks: how many rows that validate or test have something in common with rows that train.

Counts of data that only some have are remembered by the data's fingerprint, in `datasets/leaks.json`, so that a board
says the same everywhere.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import bench
from bench.atomic import replace_file

FILE = next(path for root in bench.__path__ if (path := Path(root, "datasets")).is_dir()) / "leaks.json"
AGAINST = (("val", "train"), ("test", "train"), ("test", "val"))
ROW, INPUTS = "row", "inputs"  # inputs and labels are equal; inputs alone
_THINGS = {ROW: "inputs and label", INPUTS: "inputs"}
Known = Mapping[str, np.ndarray]  # by a word: numbers or texts of rows, (N,) or several of a row (N, K)


@dataclass(frozen=True)
class Leak:
    """Of the `rows` of a split, so many share `what` with a row of another one: a row, its inputs, a person, ..."""

    what: str
    split: str
    other: str
    rows: int
    shared: int


def count(splits: Mapping[str, Known]) -> list[Leak]:
    """Every leak that can be told; zeros too.

    Args:
        splits: of train, val and test, what is known of their rows.

    >>> count({"train": {"person": np.array([1, 2])}, "val": {}, "test": {"person": np.array([[2, 7], [3, 4]])}})
    [Leak(what='person', split='test', other='train', rows=2, shared=1)]
    """
    return [
        Leak(what, split, other, len(ids), int(_among(ids, splits[other][what]).sum()))
        for what in dict.fromkeys(what for known in splits.values() for what in known)
        for split, other in AGAINST
        if what in splits[other] and (ids := splits[split].get(what)) is not None
    ]


def line(fingerprint: str) -> str:
    """One sentence for the board of the data with this fingerprint; "" where nobody has counted.

    A board of several fingerprints takes that of its newest records.
    """
    return sentence(remembered(fingerprint) or ())


def sentence(leaks: Sequence[Leak]) -> str:
    """What test rows share with training rows, in words; "" where nothing is known.

    >>> sentence([Leak("inputs", "test", "train", 255, 0), Leak("mix", "test", "train", 255, 166)])
    'Of 255 test rows 166 share a mix with a training row.'
    >>> sentence([Leak("inputs", "test", "train", 255, 0), Leak("mix", "test", "train", 255, 0)])
    'No test row shares inputs or a mix with a training row.'
    """
    own = [leak for leak in leaks if (leak.split, leak.other) == ("test", "train")]
    if not own:
        return ""
    found = [leak for leak in own if leak.shared]
    if not found:
        things = " or ".join(_THINGS.get(leak.what, f"a {leak.what}") for leak in own if leak.what != ROW)
        return f"No test row shares {things} with a training row."
    return f"Of {own[0].rows:,} test rows {', '.join(_words(found))} with a training row."


def remembered(fingerprint: str) -> list[Leak] | None:
    """The leaks that somebody counted in the data with this fingerprint; None where nobody did."""
    known = _file().get(fingerprint)
    return None if known is None else [Leak(**leak) for leak in known["leaks"]]


def remember(dataset: str, fingerprint: str, leaks: Sequence[Leak]) -> None:
    """Keep what was counted, in the place of what was kept under the dataset's name before.

    Of several names for the same data the first one stays.
    """
    kept = {key: known for key, known in _file().items() if known["dataset"] != dataset or key == fingerprint}
    name = kept[fingerprint]["dataset"] if fingerprint in kept else dataset
    kept[fingerprint] = {"dataset": name, "leaks": [asdict(leak) for leak in leaks]}
    ordered = sorted(kept.items(), key=lambda item: item[1]["dataset"])
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(known)}" for key, known in ordered)
    replace_file(FILE, f"{{\n{lines}\n}}\n".encode())
    _file.cache_clear()


@cache
def _file() -> dict[str, dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def _among(ids: np.ndarray, others: np.ndarray) -> np.ndarray:
    # a row leaks by any one of what it has
    there = set(others.ravel().tolist())
    return np.array([any(one in there for one in row) for row in ids.reshape(len(ids), -1).tolist()], dtype=bool)


def _words(found: Sequence[Leak]) -> Iterator[str]:
    for leak in found:
        yield f"{leak.shared:,} share {_THINGS.get(leak.what, f'a {leak.what}')}"
