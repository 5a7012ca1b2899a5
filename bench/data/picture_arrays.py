"""Pictures that lie in arrays, many to a file: resized once, and kept as `bench.data.image_cache` keeps its own."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from bench import leftovers
from bench.data import kept
from bench.data.image_cache import Decoded, stamp


def store_arrays(
    root: Path, names: Sequence[str], number: int, edge: int, cache: Path, read: Callable[[Path], Iterable[np.ndarray]]
) -> Decoded:
    """Resize the pictures of some files, or find them resized: anew only where a file has changed.

    Args:
        root: folder of the files.
        names: theirs below root; their pictures are the rows, in this order.
        number: of pictures in all, for the room that they need.
        edge: pixels that a side is given.
        cache: folder for the resized pictures.
        read: pictures (n, H, W, 3) uint8 of a file, some at a time.

    Raises:
        BenchError: a file is missing, or the disk has no room.
    """
    from datasets import Dataset

    folder = cache / f"arrays-{edge}-{number}-{_short(root, names)}"
    leftovers.remove_abandoned(cache)
    if not kept.is_whole(folder):
        with kept.part_folder(cache) as part, kept.locked(cache / f".arrays-{edge}.lock"):
            if not kept.is_whole(folder):  # another process may have been quicker
                kept.require_space(cache, number * (3 * edge**2 + 200), f"resizing {number:,} pictures")
                (part / "all").mkdir()
                _write(part / "all" / "pictures.arrow", (some for name in names for some in read(root / name)), edge)
                kept.seal(part / "all", names)
                kept.put(part / "all", folder)
        kept.remove_outdated(folder, lambda names: _short(root, names), prefix="arrays-")
    return Decoded(Dataset.from_file(str(folder / "pictures.arrow")), edge)


def _short(root: Path, names: Sequence[str]) -> str:
    return stamp(root, names)[:16]


def _write(path: Path, parts: Iterable[np.ndarray], edge: int) -> None:
    import pyarrow as pa

    schema = pa.schema({"pixels": pa.binary(), "sha256": pa.string()})
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, schema) as table:
        for pictures in parts:
            pixels = pa.array([resized(picture, edge) for picture in pictures], pa.binary())
            hashes = pa.array([hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures])
            table.write_batch(pa.record_batch([pixels, hashes], schema=schema))


def resized(picture: np.ndarray, edge: int) -> bytes:
    """The pixels of a picture (H, W, 3) uint8, squeezed into edge x edge, as (3, edge, edge)."""
    from PIL import Image

    image = Image.fromarray(picture).resize((edge, edge), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1)).tobytes()
