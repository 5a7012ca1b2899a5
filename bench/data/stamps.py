"""Whether data files were touched: by their size and time, without reading them."""

import hashlib
from collections.abc import Iterable
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever asks for a stamp does without torch
    from bench.dataset import Dataset


def patterns(dataset: "Dataset") -> list[str]:
    """Where a dataset's data lie below the data root, as patterns of Path.glob.

    Without a declared file that is the top of the root and the folder of the dataset's own name.
    """
    declared = [one.path for file in dataset.files for one in (file, *file.alternatives)]
    folders = [dataset.folder.path] if dataset.folder else []
    if not declared and not folders:
        return ["*", f"{type(dataset).__module__.rpartition('.')[2]}/**/*"]
    return [*map(escape, declared), *(f"{escape(folder)}/**/*" for folder in folders)]


def stamp(root: Path, patterns: Iterable[str]) -> str:
    """SHA-256 over name, size and time of the files that are there: it stays while nobody touches them."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()}):
        about = path.stat()
        digest.update(f"{path.relative_to(root).as_posix()} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
