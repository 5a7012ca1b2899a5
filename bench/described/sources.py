"""What kind of data lies somewhere: rows, pictures with a list, texts, or a dataset of Hugging Face."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (pandas' types make a column a Series or a DataFrame)

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from bench.described import hugging_face, kinds, reading
from bench.described.splitting import WORDS
from bench.errors import BenchError
from bench.paths import shown

LISTS = ("metadata", "labels", "list", "train")  # stems of a folder's file of rows, the first that is there
FILES = ("file_name", "filename", "file", "image", "path", "picture", "img")  # columns of file names
SURE = 0.95  # of the names in a column that must be files
TEXT_LIKE = ("ignored", "category")  # kinds that a column of texts is taken for
LONG = 4  # words, from which on a text is more than a name
CHARACTER = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Chinese and Japanese, which have no spaces
WORD = re.compile(rf"[{CHARACTER}]|[^\W{CHARACTER}]+|[^\w\s]")


@dataclass(frozen=True)
class Found:
    """Data, and what they are.

    Args:
        table: their rows.
        columns: of pictures the column of files, of texts those that are read.
        list: of a folder of pictures, the file of rows in it.
        split: the column that says which split a row is of, where the data have one.
        origin: what to call them in messages.
    """

    kind: Literal["table", "pictures", "texts"]
    table: pd.DataFrame
    origin: Path
    columns: tuple[str, ...] = ()
    list: str = ""
    split: str = ""


def look(path: Path, text: str = "") -> Found:
    """Look at data.

    Args:
        text: columns that are to be read as texts, separated by commas.

    Raises:
        BenchError: there is nothing, or nothing that can be read.
    """
    if hugging_face.hub_name(path) or (path.is_dir() and hugging_face.is_dataset(path)):
        return _hugging_face(path, text)
    if path.is_dir():
        return _pictures(path)
    return _rows(reading.frame(path), path, text)


def own_split(table: pd.DataFrame) -> str:
    """The column named split, where it says train and test, as it does in published data; empty where there is none."""
    if hugging_face.SPLIT not in table.columns or table[hugging_face.SPLIT].isna().any():
        return ""
    said = set(table[hugging_face.SPLIT].map(lambda cell: str(cell).strip().lower()))
    return hugging_face.SPLIT if said <= WORDS.keys() and {0, 2} <= {WORDS[word] for word in said} else ""


def words(text: str) -> list[str]:
    """The words and marks of a text, in lower case.

    >>> words("It's 3 p.m.!")
    ['it', "'", 's', '3', 'p', '.', 'm', '.', '!']
    """
    return WORD.findall(text.lower())


def named(text: str, table: pd.DataFrame) -> list[str]:
    """The columns that a command line names: one, whatever is in its name, or several with commas between."""
    return [text.strip()] if text.strip() in table else [name for part in text.split(",") if (name := part.strip())]


def _hugging_face(path: Path, text: str) -> Found:
    found = hugging_face.read(path)
    table = reading.tidied(hugging_face.frame(found))
    if images := hugging_face.picture_columns(found):
        return Found("pictures", table, path, (images[0],), split=own_split(table))
    return _rows(table, path, text)


def _rows(table: pd.DataFrame, path: Path, text: str) -> Found:
    if text:
        names = tuple(named(text, table))
        if not 1 <= len(names) <= 2:
            raise BenchError(f"--text {text}: name one column or two")
        reading.require(table, list(names), path)
        return Found("texts", table, path, names, split=own_split(table))
    split = own_split(table)
    columns = [name for name in table.columns if name != split and isinstance(table[name], pd.Series)]
    guesses = {name: kinds.guess(table[name]) for name in columns}
    long = tuple(name for name, guess in guesses.items() if guess.kind in TEXT_LIKE and _is_long(table[name]))
    others = [name for name, guess in guesses.items() if guess.kind != "ignored" and name not in long]
    if 1 <= len(long) <= 2 and len(others) <= 1:  # the target alone
        return Found("texts", table, path, long, split=split)
    return Found("table", table, path, split=split)


def _is_long(column: pd.Series) -> bool:
    texts = column.dropna()
    return (
        bool(len(texts)) and isinstance(texts.iloc[0], str) and texts.map(lambda t: len(words(str(t)))).mean() >= LONG
    )


def _pictures(path: Path) -> Found:
    lists = sorted(one for one in path.iterdir() if one.suffix.lower() in reading.DATA and one.is_file())
    named = [one for stem in LISTS for one in lists if one.stem == stem]
    if not lists or (len(lists) > 1 and not named):
        raise BenchError(
            f"{path} has {len(lists)} files of rows; a folder of pictures needs one, metadata.csv or .jsonl, with a "
            "column of file names and one of targets"
        )
    chosen = named[0] if named else lists[0]
    table = reading.frame(chosen)
    for name in [*(name for name in FILES if name in table), *table.columns]:
        texts = table[name].dropna()
        if len(texts) and texts.map(lambda cell: isinstance(cell, str) and _is_file(path, cell)).mean() >= SURE:
            return Found("pictures", table, chosen, (name,), list=chosen.name, split=own_split(table))
    first = next((name for name in FILES if name in table), table.columns[0])
    example = shown(str(table[first].iloc[0]))
    raise BenchError(f"{chosen}: no column names files of {path}; {first} has {example}, and there is no such file")


def _is_file(folder: Path, name: str) -> bool:
    try:
        return (folder / name).is_file()
    except (OSError, ValueError):
        return False
