"""Pictures of one size as a split's inputs: decoded once into an Arrow file that stays on the disk, or made on demand.

What fits moves to the device as one tensor; the rest is fetched batch by batch, which a memory map does from the
disk, or from what the system keeps of it in memory.
"""

import hashlib
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from bench import leftovers
from bench.cores import available_cores
from bench.data import kept
from bench.data.pictures import open_picture, require_eight_bit
from bench.errors import BenchError

Shape = Literal["squeezed", "cropped"]  # into a square: with another aspect, or without the ends of the longer side
FITS = {"cpu": 2**30, "cuda": 2**32}  # bytes of a split that one tensor holds; AgeDB's 1.8 GB on a GPU, IMDB-WIKI never
FETCHED = 512  # pictures at a time where a whole split is moved
MOST_STRETCHED = 50  # times as long as wide, of which the middle is cut
CHUNK = 256  # pictures decoded between two looks at errors, and written together

# rows of the source (B,) and a device -> (B, 3, E, E) uint8 on that device
Fetch = Callable[[Tensor, torch.device], Tensor]


@dataclass(frozen=True)
class Pictures:
    """The inputs of one split: indexed like a tensor (N, 3, size, size) uint8.

    Args:
        fetch: gives rows of the source.
        rows: those of the split, (N,).
        edge: E.
        size: of the middle that is given; at most E.
    """

    fetch: Fetch
    rows: Tensor
    edge: int
    size: int
    device: torch.device = torch.device("cpu")  # noqa: RUF009

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Tensor:
        start = (self.edge - self.size) // 2
        middle = slice(start, start + self.size)
        return self.fetch(self.rows[index], self.device)[..., middle, middle]

    @property
    def shape(self) -> torch.Size:
        """As a tensor's."""
        return torch.Size((len(self.rows), 3, self.size, self.size))

    def to(self, device: torch.device) -> "Tensor | Pictures":
        """On a device: as one tensor where that fits, else still to be fetched."""
        moved = replace(self, device=torch.device(device))
        if len(self) * 3 * self.size**2 > FITS[moved.device.type]:
            return moved
        return torch.cat([moved[index] for index in torch.arange(len(self)).split(FETCHED)])


@dataclass(frozen=True)
class Decoded:
    """Decoded pictures on the disk: a row's pixels, and the SHA-256 of the file that they are from."""

    table: Any  # datasets.Dataset
    edge: int

    def fetch(self, rows: Tensor, device: torch.device) -> Tensor:
        """Some rows (B,) -> (B, 3, edge, edge) uint8."""
        column = self.table.data.column("pixels")
        flat = np.stack([np.frombuffer(column[row].as_buffer(), dtype=np.uint8) for row in rows.tolist()])
        return torch.from_numpy(flat).unflatten(1, (3, self.edge, self.edge)).to(device, non_blocking=True)

    def digest(self) -> str:
        """SHA-256 over those of the files, in order."""
        return hashlib.sha256("".join(self.table.data.column("sha256").to_pylist()).encode()).hexdigest()


def store(root: Path, names: Sequence[str], edge: int, shape: Shape, cache: Path) -> Decoded:
    """Decode picture files, or find them decoded: anew only where a name, a size or a time of change is new.

    Args:
        root: folder of the files.
        names: theirs below root, in the order of the rows.
        edge: pixels that a side is given.
        shape: how a picture becomes a square.
        cache: folder for the decoded pictures.

    Raises:
        BenchError: naming the first file that is no whole picture.
    """
    from datasets import Dataset, concatenate_datasets

    folder = cache / f"{shape}-{edge}-{len(names)}-{_short(root, names)}"
    leftovers.remove_abandoned(cache)
    if not kept.is_whole(folder):
        with kept.part_folder(cache) as part, kept.locked(cache / f".{shape}-{edge}.lock"):
            if not kept.is_whole(folder):  # another process may have been quicker
                kept.require_space(cache, len(names) * (3 * edge**2 + 200), f"decoding {len(names):,} pictures")
                _decode(root, names, edge, shape, part / "all")
                kept.seal(part / "all", names)
                kept.put(part / "all", folder)
        kept.remove_outdated(folder, lambda names: _short(root, names))
    return Decoded(
        concatenate_datasets([Dataset.from_file(str(path)) for path in sorted(folder.glob("*.arrow"))]), edge
    )


def _short(root: Path, names: Sequence[str]) -> str:
    return stamp(root, names)[:16]


def stamp(root: Path, names: Sequence[str]) -> str:
    """What tells whether any of some files has changed: SHA-256 over names below root, sizes and times of change.

    Raises:
        BenchError: naming the first that are missing.
    """
    digest, missing = hashlib.sha256(), []
    for name in names:
        try:
            about = (root / name).stat()
        except (OSError, ValueError):
            about = None
        if about is None or not S_ISREG(about.st_mode):
            missing.append(name)
        else:
            digest.update(f"{name}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    if missing:
        raise BenchError(f"{len(missing)} of {len(names)} listed files are not below {root}: {', '.join(missing[:5])}")
    return digest.hexdigest()


def _decode(root: Path, names: Sequence[str], edge: int, shape: Shape, folder: Path) -> None:
    # in threads, as Pillow decodes outside of Python's lock: a process that is killed leaves no others behind
    import pyarrow as pa
    from datasets.utils import tqdm

    folder.mkdir()
    schema = pa.schema({"pixels": pa.binary(), "sha256": pa.string()})
    bar = tqdm(total=len(names), desc="decoding pictures, once", unit="", disable=not sys.stderr.isatty())
    with (
        bar,
        ThreadPoolExecutor(available_cores()) as pool,
        pa.OSFile(str(folder / "pictures.arrow"), "wb") as out,
        pa.ipc.new_stream(out, schema) as table,
    ):
        for start in range(0, len(names), CHUNK):
            part = names[start : start + CHUNK]
            pixels, hashes = zip(*pool.map(lambda name: read_square(root / name, edge, shape), part), strict=True)
            table.write_batch(pa.record_batch([pa.array(pixels, pa.binary()), pa.array(hashes)], schema=schema))
            bar.update(len(part))


def read_square(path: Path, edge: int, shape: Shape = "squeezed") -> tuple[bytes, str]:
    """The pixels of a picture, and the SHA-256 of its file."""
    from PIL import Image

    image, content = open_picture(path)
    require_eight_bit(image, path)
    if isinstance(image.info.get("transparency"), bytes):  # of a palette, of which Pillow warns on the way to RGB
        image = image.convert("RGBA")
    picture = image.convert("RGB")
    if shape == "cropped":
        if max(picture.size) > MOST_STRETCHED * min(picture.size):
            raise BenchError(f"{path} is {picture.width} x {picture.height} pixels, too long to be cut to a square")
        ratio = edge / min(picture.size)
        width, height = (max(edge, round(ratio * side)) for side in picture.size)
        left, top = (width - edge) // 2, (height - edge) // 2
        picture = picture.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + edge, top + edge))
    else:
        picture = picture.resize((edge, edge), Image.Resampling.BILINEAR)
    pixels = np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))
    return pixels.tobytes(), hashlib.sha256(content).hexdigest()
