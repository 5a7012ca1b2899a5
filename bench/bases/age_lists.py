"""Lists of pictures with an age each: read, split as Yang et al. do or by other rules, and thinned.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
"""

import random
import re
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from bench.bases.holdout import capped, grouped, natural
from bench.data import reading
from bench.errors import BenchError
from bench.paths import inside, shown

COLUMNS, SPLITS = ["age", "path", "split"], ("train", "val", "test")
FOLDS = 5  # of people
# by name, ages that are not trained on: holes between ages that are, both ends, one wide hole
BANDS = {"interpolation": "25-29+40-44+55-59", "extrapolation": "0-19+70-999", "blind_spot": "40-59"}
SPLIT_SEED, SPLIT_AGES = 666, 121  # of the published split; older people all train


def balanced(ages: np.ndarray, cap: int) -> np.ndarray:
    """The published split of rows (N,) in their order: of n pictures of an age, min(n // 3, cap) validate and test.

    Gives agedb.csv's own split from its ages, row by row.
    """
    rng = random.Random(SPLIT_SEED)  # noqa: S311
    split = np.full(len(ages), "train", dtype=object)
    for age in range(SPLIT_AGES):
        rows = np.flatnonzero(ages == age).tolist()
        rng.shuffle(rows)
        held = min(len(rows) // 3, cap)
        split[rows[:held]], split[rows[held : 2 * held]] = "val", "test"
    return split


def thinned(table: pd.DataFrame, rows: int | None, by: str = "age") -> pd.DataFrame:
    """So many rows, or all, evenly over the ages (or another column) of each split, in their order."""
    if rows is None or rows >= len(table):
        return table
    order = table.sort_values(["split", by], kind="stable").index.to_numpy()
    return table.loc[np.sort(order[np.arange(rows) * len(order) // rows])].reset_index(drop=True)


def fewer(table: pd.DataFrame, keep: float | Literal["balanced"], unseen: np.ndarray) -> pd.DataFrame:
    """The table with fewer training pictures; the others stay where they are, in no split, which is "".

    Args:
        keep: a share up to 1 of those that train, or how many; a smaller draw is part of every larger one. "balanced":
            of each age as many as of the rarest.
        unseen: (N,) pictures whose ages do not train anyway.

    Raises:
        BenchError: there are not so many.
    """
    split = table.split.to_numpy(dtype=object)
    rows = np.random.default_rng(SPLIT_SEED).permutation(np.flatnonzero((split == "train") & ~unseen))
    if keep == "balanced":
        of_age = table.age.iloc[rows].groupby(table.age.iloc[rows])
        split[rows[of_age.cumcount().to_numpy() >= of_age.size().min()]] = ""
        return table.assign(split=split)
    number = round(keep * len(rows)) if keep <= 1 else int(keep)
    if not 0 < number <= len(rows):
        raise BenchError(f"keep={keep:g} asks for {number:,} of {len(rows):,} training pictures; take another")
    split[rows[number:]] = ""
    return table.assign(split=split)


def within(ages: np.ndarray, bands: str | None) -> np.ndarray:
    """Which of the ages (N,) lie in bands, given by a name or as 40-49+70-101; in none where there are none."""
    found = np.zeros(len(ages), dtype=bool)
    for band in BANDS.get(bands, bands).split("+") if bands else ():
        low, _, high = band.partition("-")
        found |= (ages >= int(low)) & (ages <= int(high))
    return found


def read_list(path: Path, oldest: int) -> pd.DataFrame:
    """A published list: age, path and split of every picture.

    Raises:
        BenchError: naming the file and the first line that is not as it must be.
    """
    lines = reading.rows(path, COLUMNS)
    if not lines:
        raise BenchError(f"{path} names no picture; get it again")
    numbers, cells = zip(*lines, strict=True)
    table = pd.DataFrame(list(cells), columns=pd.Index(COLUMNS))
    whole = pd.Series(pd.to_numeric(table.age, errors="coerce"))
    paths = [inside(row[1], f"{path}, line {number}") if row[1] else "" for number, row in lines]
    table = table.assign(path=paths)
    wrong = {
        f"an age from 0 to {oldest} in whole years": ~((whole % 1 == 0) & whole.between(0, oldest)),
        "train, val or test": ~table.split.isin(SPLITS),
        "a path that no other line has": (table.path == "") | table.path.duplicated(),
    }
    for expected, bad in wrong.items():
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise BenchError(f"{path}, line {numbers[row]}: {shown(','.join(cells[row]))} needs {expected}")
    return table.assign(age=whole.astype(int))


def people(table: pd.DataFrame, person: re.Pattern[str]) -> np.ndarray:
    """Who each picture shows, (N,) texts: what a group of the pattern finds in its path, or else the path.

    Args:
        person: a pattern with groups; a picture whose path it does not fit is of nobody else.
    """
    found = [(person.search(path), path) for path in table.path]
    return np.array(
        [next(filter(None, match.groups()), path) if match else path for match, path in found], dtype=object
    )


def drawn_like_training(table: pd.DataFrame, unseen: np.ndarray) -> pd.DataFrame:
    """The table with as many validation pictures as before, drawn at random from all that do not test.

    Args:
        unseen: (N,) pictures whose ages are not to be trained on, and so not validated on: in no split.
    """
    split = table.split.to_numpy(dtype=object)
    pool = np.flatnonzero((split != "test") & ~unseen)
    train, val = natural(pool, int((split == "val").sum()), SPLIT_SEED)
    return _assigned(table, (train, val, np.flatnonzero(split == "test")))


def by_person(table: pd.DataFrame, people: np.ndarray, cap: int, drawn: bool) -> pd.DataFrame:
    """The table split such that nobody is in two splits: of five folds one validates and one tests.

    Args:
        people: (N,) who each picture shows.
        cap: most pictures of an age that test, and that validate unless `drawn`; further ones are in no split.
    """
    ages = table.age.to_numpy()
    train, val, test = grouped(ages, people, FOLDS)
    val = val if drawn else capped(val, ages, cap, SPLIT_SEED)
    return _assigned(table, (train, val, capped(test, ages, cap, SPLIT_SEED)))


def _assigned(table: pd.DataFrame, parts: tuple[np.ndarray, ...]) -> pd.DataFrame:
    split = np.full(len(table), "", dtype=object)
    for name, rows in zip(SPLITS, parts, strict=True):
        split[rows] = name
    return pd.DataFrame(table.assign(split=split)[split != ""]).reset_index(drop=True)
