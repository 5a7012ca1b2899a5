"""Datasets of the Hugging Face library as rows: on the disk, as `save_to_disk` writes them, or by their name."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportOperatorIssue=false, reportGeneralTypeIssues=false
# (the library's types make a dataset one of four)

import hashlib
import logging
from collections.abc import Collection
from pathlib import Path
from threading import RLock
from typing import Any

import pandas as pd

from bench import leftovers
from bench.data import hub, kept
from bench.data.reading import why
from bench.described import reading
from bench.errors import BenchError
from bench.plugins.described import HUB

MARKS = ("dataset_info.json", "dataset_dict.json")
SPLIT = "split"  # the column that says which split of a dataset a row is of


def is_dataset(path: Path) -> bool:
    """Whether a folder is what `save_to_disk` has written."""
    return any((path / mark).is_file() for mark in MARKS)


def hub_name(path: Path) -> str | None:
    """The name on the hub that a path stands for, as in hf:owner/name; None of any other."""
    return path.as_posix().removeprefix(HUB) if path.as_posix().startswith(HUB) else None


def rows(path: Path, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Rows of a dataset, or else of a file, tidied.

    Args:
        as_text: columns whose texts stay as they are.

    Raises:
        BenchError: there are none that can be read.
    """
    if hub_name(path) or (path.is_dir() and is_dataset(path)):
        return reading.tidied(frame(read(path)), as_text)
    return reading.frame(path, as_text)


def hide_retries() -> None:
    """Have the hub's library say nothing of each attempt to reach it; that it was in vain is told in the end."""
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)


def read(path: Path) -> Any:
    """The dataset, all splits one after the other, with a column that says which.

    Raises:
        BenchError: it cannot be read.
    """
    import datasets
    from tqdm import tqdm

    tqdm.set_lock(RLock())  # its own is a semaphore of the system, which a worker would leave behind as it ends at once
    name = hub_name(path)
    hide_retries()
    try:
        with hub.at_hand(name is not None):
            found = datasets.load_dataset(name) if name else datasets.load_from_disk(str(path))
        if isinstance(found, dict):
            parts = [
                part if SPLIT in part.features else part.add_column(SPLIT, [at] * len(part))
                for at, part in found.items()
            ]
            found = datasets.concatenate_datasets(parts)
    except Exception as error:  # of the library's, pyarrow's and the network's many kinds
        empty = not name and not any(path.glob("*.arrow")) and not any(path.glob("*/*.arrow"))
        reason = "it has no file of rows" if empty else why(error)
        raise BenchError(f"{name or path} is no dataset of Hugging Face that can be read: {reason}") from None
    if not len(found):
        raise BenchError(f"{name or path} has no rows; name a dataset that has some")
    return found


def picture_columns(found: Any) -> list[str]:
    """Columns that hold pictures."""
    import datasets

    return [name for name, feature in found.features.items() if isinstance(feature, datasets.Image)]


def frame(found: Any) -> pd.DataFrame:
    """Rows as a table; a picture is the name of the file that `pictures` writes of it, a class its name."""
    import datasets

    images = picture_columns(found)
    table = found.remove_columns(images).to_pandas() if images else found.to_pandas()
    for name in images:
        table[name] = [file_name(row) for row in range(len(found))]
    for name, feature in found.features.items():
        if isinstance(feature, datasets.ClassLabel):
            table[name] = [None if value < 0 else feature.int2str(int(value)) for value in table[name]]
    return table


def file_name(row: int) -> str:
    """The file of a row's picture."""
    return f"row-{row:08d}"


def pictures(found: Any, column: str, cache: Path) -> Path:
    """A folder with the pictures of a column, as the dataset has their bytes; written once.

    Raises:
        BenchError: a row has none.
    """
    import datasets

    raw = found.cast_column(column, datasets.Image(decode=False))
    names = [file_name(row) for row in range(len(found))]
    cache = cache / "files"  # apart from decoded pictures, whose folder removes what is out of date there
    folder = cache / hashlib.sha256(f"{found._fingerprint}/{column}".encode()).hexdigest()[:16]
    leftovers.remove_abandoned(cache)
    if not kept.is_whole(folder):
        with kept.part_folder(cache) as part, kept.locked(cache / ".lock"):
            if not kept.is_whole(folder):
                (part / "all").mkdir()
                for row, (name, cell) in enumerate(zip(names, raw[column], strict=True), 1):
                    if cell is None:
                        raise BenchError(f"{column}, row {row}: there is no picture; leave such rows out")
                    content = cell["bytes"] or Path(cell["path"]).read_bytes()
                    (part / "all" / name).write_bytes(content)
                kept.seal(part / "all", names)
                kept.put(part / "all", folder)
    return folder
