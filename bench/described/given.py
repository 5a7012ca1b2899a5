"""Datasets as a command line names them: those of plug-ins, and files: `houses.toml`, or `houses.csv` with a target."""

import re
from pathlib import Path

from bench.errors import BenchError
from bench.names import split_list
from bench.paths import from_home
from bench.plugins import described
from bench.plugins.described import DATA, HUB, Described


def names(text: str, targets: str | None = None) -> str:
    """The list with the name of each dataset that a file in it makes, which is known from now on.

    Args:
        targets: columns to predict of files without a description, separated by commas.

    Raises:
        BenchError: a file cannot be read, or its target is not named.
    """
    found = [_name(item, targets) for item in split_list(text)]
    if targets is not None and not any(is_data(item) for item in split_list(text)):
        raise BenchError("--target is for a file of data in --dataset; a description has its target already")
    return ",".join(found) if found else text


def name_of(path: Path) -> str:
    """The name of a dataset whose data lie in a file: its stem, with _ for what no folder's name may hold.

    >>> name_of(Path("My houses (2).csv"))
    'My_houses_2'
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem).strip("_-")
    return stem if re.match("[A-Za-z_]", stem) else f"data_{stem}".rstrip("_")


def is_data(item: str) -> bool:
    """Whether a name on the command line is that of a file of data."""
    if item.partition("[")[0].endswith(".toml"):
        return False
    return item.lower().endswith(DATA) or item.startswith(HUB) or "/" in item or "\\" in item


def _name(item: str, targets: str | None) -> str:
    if item.partition("[")[0].endswith(".toml"):
        file, bracket, parameters = item.partition("[")
        given = described.read(from_home(file))
        described.register(given)
        return given.name + bracket + parameters
    if not is_data(item):
        return item
    if not targets or not targets.strip():
        raise BenchError(f"{item} is data: name the column to predict with --target COLUMN")
    from bench.described.writing import describe

    path = from_home(item)
    name = name_of(path)
    made = Described(name, describe(path, targets, path.parent.absolute(), name).text, str(path.parent.absolute()))
    described.register(made)
    return made.name
