"""Recordings of several channels, each read once and cut to one length: an array of int16 that stays on the disk."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench import leftovers
from bench.data import kept
from bench.data.image_cache import stamp
from bench.data.reading import opened

ARRAY, HASHES = "signals.npy", "hashes.json"


def store_signals(
    root: Path, names: Sequence[str], shape: tuple[int, int], cache: Path, read: Callable[[Path], np.ndarray]
) -> tuple[np.ndarray, str]:
    """The signals (N, *shape) int16 of some files, as a memory map, and a digest of the files.

    They are read only where a name, a size or a time of change is new.

    Args:
        root: folder of the files.
        names: theirs below root, in the order of the rows.
        shape: channels and points of a signal.
        cache: folder for what was read.
        read: the signal of a file, of that shape.

    Raises:
        BenchError: a file is missing or damaged, or the disk has no room.
    """
    folder = cache / f"signals-{shape[0]}x{shape[1]}-{len(names)}-{_short(root, names)}"
    leftovers.remove_abandoned(cache)
    if not kept.is_whole(folder):
        with kept.part_folder(cache) as part, kept.locked(cache / f".signals-{shape[0]}x{shape[1]}.lock"):
            if not kept.is_whole(folder):  # another process may have been quicker
                kept.require_space(cache, 2 * len(names) * shape[0] * shape[1], f"reading {len(names):,} recordings")
                (part / "all").mkdir()
                _write(part / "all", root, names, shape, read)
                kept.seal(part / "all", names)
                kept.put(part / "all", folder)
        kept.remove_outdated(folder, lambda names: _short(root, names), prefix="signals-")
    hashes = json.loads((folder / HASHES).read_text(encoding="utf-8"))
    return np.load(folder / ARRAY, mmap_mode="r"), hashlib.sha256("".join(hashes).encode()).hexdigest()


def _short(root: Path, names: Sequence[str]) -> str:
    return stamp(root, names)[:16]


def _write(
    folder: Path, root: Path, names: Sequence[str], shape: tuple[int, int], read: Callable[[Path], np.ndarray]
) -> None:
    from datasets.utils import tqdm

    array = np.lib.format.open_memmap(folder / ARRAY, mode="w+", dtype=np.int16, shape=(len(names), *shape))
    hashes: list[str] = []
    for row, name in enumerate(tqdm(names, desc="reading recordings, once", disable=not sys.stderr.isatty())):
        array[row] = read(root / name)
        with opened(root / name) as raw:
            hashes.append(hashlib.file_digest(raw, "sha256").hexdigest())
    array.flush()
    (folder / HASHES).write_text(json.dumps(hashes), encoding="utf-8")
