"""Pictures with depth maps in files: decoded once into memory maps, checked, held out by scene, balanced by depth."""

import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from bench import leftovers
from bench.data import kept, reading
from bench.data.image_cache import stamp
from bench.data.pictures import open_picture, require_eight_bit
from bench.errors import BenchError
from bench.paths import inside, shown

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
    pairs = []
    for number, row in reading.rows(path):
        where = f"{path}, line {number}"
        cells = [cell.strip() for cell in row]
        if len(cells) != 2 or not all(cell.startswith("data/") for cell in cells):
            raise BenchError(f"{where}: {shown(','.join(row))} is no pair of paths data/...,data/...")
        first, second = (inside(cell.removeprefix("data/"), where) for cell in cells)
        pairs.append((first, second))
    if not pairs:
        raise BenchError(f"{path} is empty; get it again from its authors")
    return pairs


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
    names, parent = [path for pair in pairs for path in pair], folder / "decoded"
    copies = f"{name}-{size[0]}x{size[1]}-{kind}-"
    place = parent / f"{copies}{_short(folder, names)}"
    leftovers.remove_abandoned(parent)
    if not kept.is_whole(place):
        with kept.part_folder(parent) as part, kept.locked(parent / f".{name}.lock"):
            if not kept.is_whole(place):  # another process may have been quicker
                pixels = size[0] * size[1] * (3 + np.dtype(KINDS[kind].dtype).itemsize)
                kept.require_space(parent, len(pairs) * pixels, f"decoding {len(pairs):,} pictures")
                _decode(folder, part / "all", pairs, size, kind)
                kept.seal(part / "all", names)
                kept.put(part / "all", place)
        kept.remove_outdated(place, lambda names: _short(folder, names))
    pictures, depths = (np.load(place / f"{kind}.npy", mmap_mode="r") for kind in ("pictures", "depths"))
    return Decoded(pictures, depths, (place / "digest").read_text())


def _short(folder: Path, names: Sequence[str]) -> str:
    return stamp(folder, names)[:16]


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
    folder: Path, made: Path, pairs: Sequence[tuple[str, str]], size: tuple[int, int], kind: DepthFormat
) -> None:
    made.mkdir()
    pictures = _open_map(made / "pictures.npy", np.uint8, (len(pairs), 3, *size))
    depths = _open_map(made / "depths.npy", KINDS[kind].dtype, (len(pairs), *size))

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
    (made / "digest").write_text(digest.hexdigest())


def _open_map(path: Path, dtype: type, shape: tuple[int, ...]) -> np.memmap:
    opened = np.lib.format.open_memmap(path, "w+", dtype, shape)
    # a map without its room on the disk kills the process where the disk is full
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return opened


def _pair(
    picture_path: Path, depth_path: Path, size: tuple[int, int], kind: "_Depth"
) -> tuple[np.ndarray, np.ndarray, bytes]:
    """Picture (3, H, W), depth map (H, W) and the SHA-256 of both files."""
    from PIL import Image

    (picture, first), (depth, second) = open_picture(picture_path), open_picture(depth_path)
    require_eight_bit(picture, picture_path)
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
    digest = hashlib.sha256(first).digest() + hashlib.sha256(second).digest()
    return np.moveaxis(pixels, 2, 0), values.astype(kind.dtype), digest


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
