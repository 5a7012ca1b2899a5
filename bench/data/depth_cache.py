"""Pictures with depth maps in files: decoded once into memory maps, checked, held out by scene, balanced by depth."""

import csv
import hashlib
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from filelock import FileLock

from bench import leftovers
from bench.data.image_cache import stamp
from bench.errors import BenchError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

CHUNK = 256  # files decoded between two looks at errors
DepthFormat = Literal["8-bit", "16-bit"]
Size = tuple[int, int]  # height, width


class _Depth(NamedTuple):
    """What a kind of depth map holds: Pillow's modes, the type it is kept in, the largest value."""

    modes: tuple[str, ...]
    dtype: type
    farthest: int


KINDS: dict[DepthFormat, _Depth] = {
    "8-bit": _Depth(("L",), np.uint8, 255),  # 255 is 10 m
    "16-bit": _Depth(("I;16", "I"), np.uint16, 10_000),  # mm
}


class Decoded(NamedTuple):
    """What the files of a list hold."""

    pictures: np.ndarray  # (N, 3, H, W) uint8
    depths: np.ndarray  # (N, H, W) uint8 or uint16, as stored in the files
    digest: str  # SHA-256 over those of all files, in the list's order


def read_list(path: Path) -> list[tuple[str, str]]:
    """Pairs (picture, depth map) of a list, below the folder of the list; its lines begin with `data/`."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for number, row in enumerate(rows, 1):
        if len(row) != 2 or not all(cell.startswith("data/") and ".." not in cell for cell in row):
            raise BenchError(f"{path}, line {number}: {','.join(row)!r} is no pair of paths data/...,data/...")
    if not rows:
        raise BenchError(f"{path} is empty; get it again from its authors")
    return [(first.removeprefix("data/"), second.removeprefix("data/")) for first, second in rows]


def decode(
    folder: Path, name: str, pairs: Sequence[tuple[str, str]], size: tuple[int, int], kind: DepthFormat
) -> Decoded:
    """Decode the files of a list, or open what an earlier run decoded; a file that has changed is decoded anew.

    Args:
        folder: that the paths of the list start from; the maps lie in its folder `decoded`.
        name: of the list.
        size: height and width to keep; files are as large or larger, and of the same shape.
        kind: of the depth maps.
    """
    place = folder / "decoded" / f"{name}-{stamp(folder, [path for pair in pairs for path in pair])[:16]}"
    try:
        place.parent.mkdir(exist_ok=True)
        leftovers.remove_abandoned(place.parent)
        with FileLock(place.parent / f".{name}.lock"):
            if not place.is_dir():
                for old in place.parent.glob(f"{name}-*"):
                    shutil.rmtree(old)
                _decode(folder, place, pairs, size, kind)
    except OSError as error:
        raise BenchError(f"cannot write {place}: {error.strerror}; choose a data folder with --data") from None
    pictures, depths = (np.load(place / f"{kind}.npy", mmap_mode="r") for kind in ("pictures", "depths"))
    return Decoded(pictures, depths, (place / "digest").read_text())


def hold_out(pairs: Sequence[tuple[str, str]], number: int, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that train and rows that validate: of scenes drawn at random, `most` pictures each, evenly spaced.

    A scene is a folder without its letter, as parts of one sweep have one each: bedroom_0076a_out is of bedroom_0076.
    The other pictures of its scenes do neither, as they show what validation shows.
    """
    paths = [Path(picture) for picture, _ in pairs]
    scenes = np.array([re.sub(r"[a-z]?_out$", "", path.parent.name) for path in paths])
    frames = [(path.parent.name, len(path.stem), path.stem) for path in paths]
    train, held = np.full(len(pairs), True), []
    for scene in np.random.default_rng(seed).permutation(np.unique(scenes)):
        rows = sorted(np.flatnonzero(scenes == scene), key=lambda row: frames[row])
        train[rows] = False
        some = min(len(rows), most, number - len(held))
        held += [rows[i] for i in np.linspace(0, len(rows) - 1, some).round().astype(int)]
        if len(held) == number:
            break
    if len(held) < number or not train.any():
        raise BenchError(f"{len(pairs)} pictures of {len(np.unique(scenes))} scenes: too few to hold {number} out")
    return np.flatnonzero(train), np.sort(held)


def balanced(bins: np.ndarray, first: int, floor: int, seed: int) -> np.ndarray:
    """A mask that keeps equally many pixels of each depth bin, as many as the rarest one has.

    Args:
        bins: bin of each pixel, uint8, any shape.
        first: bins below it are left out.
        floor: pixels kept at least of each bin; a bin with fewer keeps all.
    """
    flat, rng = bins.ravel(), np.random.default_rng(seed)
    counts = np.bincount(flat)
    number = max(counts[first:][counts[first:] > 0].min(), floor)
    order, ends = np.argsort(flat, kind="stable"), counts.cumsum()
    mask = np.zeros(flat.size, bool)
    for end, count in zip(ends[first:], counts[first:], strict=True):
        mask[rng.choice(order[end - count : end], min(count, number), replace=False)] = True
    return mask.reshape(bins.shape)


def _decode(
    folder: Path, place: Path, pairs: Sequence[tuple[str, str]], size: tuple[int, int], kind: DepthFormat
) -> None:
    with leftovers.part(place.parent) as part:
        part.mkdir()
        open_map = np.lib.format.open_memmap
        pictures = open_map(part / "pictures.npy", "w+", np.uint8, (len(pairs), 3, *size))
        depths = open_map(part / "depths.npy", "w+", KINDS[kind].dtype, (len(pairs), *size))

        def one(row: int) -> bytes:
            colours, depth = (folder / path for path in pairs[row])
            pictures[row], depths[row], digest = _pair(colours, depth, size, KINDS[kind])
            return digest

        digest = hashlib.sha256()
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(pairs), CHUNK):
                for found in pool.map(one, range(start, min(start + CHUNK, len(pairs)))):
                    digest.update(found)
        pictures.flush()
        depths.flush()
        (part / "digest").write_text(digest.hexdigest())
        part.rename(place)


def _pair(
    picture_path: Path, depth_path: Path, size: tuple[int, int], kind: "_Depth"
) -> tuple[np.ndarray, np.ndarray, bytes]:
    """Picture (3, H, W), depth map (H, W) and the SHA-256 of both files."""
    from PIL import Image

    (picture, first), (depth, second) = _load(picture_path), _load(depth_path)
    (width, height), wanted = picture.size, (size[1], size[0])
    if depth.size != picture.size:
        raise BenchError(f"{depth_path} is {_text(depth.size)} pixels, its picture {_text(picture.size)}")
    if width * size[0] != height * size[1] or height < size[0]:
        raise BenchError(f"{picture_path} is {_text(picture.size)} pixels, which do not shrink to {_text(wanted)}")
    if depth.mode not in kind.modes:
        raise BenchError(f"{depth_path} holds pixels of mode {depth.mode}, expected {kind.modes[0]}")
    values = np.asarray(depth.resize(wanted, Image.Resampling.NEAREST))
    if values.min() < 0 or values.max() > kind.farthest:
        raise BenchError(f"{depth_path} has values {values.min()} to {values.max()}, expected 0 to {kind.farthest}")
    pixels = np.asarray(picture.convert("RGB").resize(wanted, Image.Resampling.BILINEAR))
    return np.moveaxis(pixels, 2, 0), values.astype(kind.dtype), first + second


def _load(path: Path) -> tuple["ImageFile", bytes]:
    from PIL import Image

    raw = path.read_bytes()
    try:
        image = Image.open(BytesIO(raw))
        image.load()
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for broken files
        raise BenchError(f"{path} cannot be decoded: {error}; get the file again") from None
    return image, hashlib.sha256(raw).digest()


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
