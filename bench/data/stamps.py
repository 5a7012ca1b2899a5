"""Whether data files were touched: by their size and time, without reading them."""

import hashlib
from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data.reading import is_regular, walk

if TYPE_CHECKING:  # whoever asks for a stamp does without torch
    from bench.dataset import Dataset

EVERYTHING = "/**/*"  # below a folder


def patterns(dataset: "Dataset") -> list[str]:
    """Where a dataset's data lie below the data root, as patterns of Path.glob.

    Without a declared file that is the top of the root and the folder of the dataset's own name.
    """
    declared = [one.path for file in dataset.files for one in (file, *file.alternatives)]
    folders = [dataset.folder.path] if dataset.folder else []
    if not declared and not folders:
        return ["*", f"{type(dataset).__module__.rpartition('.')[2]}{EVERYTHING}"]
    return [*map(escape, declared), *(f"{escape(folder)}{EVERYTHING}" for folder in folders)]


def stamp(root: Path, patterns: Iterable[str]) -> str:
    """SHA-256 over name, size and time of the files that are there: it stays while nobody touches them."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in _matching(root, pattern)}):
        about = path.stat()
        digest.update(f"{path.relative_to(root).as_posix()} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _matching(root: Path, pattern: str) -> Iterator[Path]:
    # a pattern of all files of a folder reaches behind links too, which Path.glob does not
    folder = pattern.removesuffix(EVERYTHING)
    for path in root.glob(folder):
        if folder != pattern:
            yield from walk(path)
        elif is_regular(path):
            yield path
