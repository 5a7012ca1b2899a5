"""MPIIFaceGaze: where 15 people look, as pitch and yaw in degrees, from pictures by their laptops' cameras.

Pictures: Zhang et al., It's Written All Over Your Face: Full-Face Appearance-Based Gaze Estimation, CVPR Workshops
2017; CC BY-NC-SA 4.0, for non-commercial research (perceptualui.org/research/datasets/MPIIFaceGaze). Of the normalised
data, MPIIFaceGaze_normalized.zip, unpack p00.mat to p14.mat, and run `bench data add mpiifacegaze FOLDER`; h5py reads
them (extra `gaze`). Each has Data/data, 3,000 pictures (3, 448, 448) in the order blue, green, red, and Data/label,
whose first columns are pitch and yaw in radians (as hysts/pytorch_mpiigaze reads them at 023a0162d14b): 45,000 in all.

Split: Rank-N-Contrast (its slides, and its paper) lets nobody be in two splits and does not name who is in which; its
sizes as remembered here, unverified, are 33,000, 6,000 and 6,000, which are 11, 2 and 2 people. Here p00 to p10 train,
p11 and p12 validate, p13 and p14 test. fold=k tests on person k and validates on the next one; the 15 folds of L2CS-Net
are these, but that it validates on nobody.
Metric: the angle between the directions, and R². Labels are in degrees, so that errors are of the size of ages.
Protocol: that of RnC on AgeDB without mirroring, which would turn the yaw; what it does otherwise here is unpublished.
`rnc` ranks by the sum of absolute differences of pitch and yaw, RnC here by the angle. Bins, for `l2cs`: 3 degrees
each, from -45 to 45, of both angles.

images=synthetic: painted faces (bench.synthetic.gazes) of 15 people, 3,000 each, who look 1.5 degrees (one deviation)
past their labels in pitch and in yaw.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from annotated_types import Ge, Le

from bench.bases.age_lists import SPLITS
from bench.bases.photographs import Backbone, Photographs
from bench.data import reading
from bench.data.picture_arrays import store_arrays
from bench.data.reading import first_named, why
from bench.dataset import Bins, Folder, Split, Splits
from bench.errors import BenchError
from bench.functional.random_streams import stream_seed
from bench.ranges import PicturesKept, Pixels
from bench.synthetic.gazes import directions, looks, paint

PEOPLE, EACH = 15, 3000
TRAIN, VAL = 11, 2  # people; the rest tests
FOLDER, LISTED = "mpiifacegaze", ["file", "pictures"]
TOGETHER = 100  # pictures read at once
EXTRA = "install the extra bench[gaze]: pip install 'regression-bench[gaze]'"
Person = Annotated[int, Ge(0), Le(PEOPLE - 1)]
ONE = "it goes by bins of one target, and a gaze has two"
BY_BIN = (
    "balanced_sampler",
    "corn",
    "dense_weight",
    "dex",
    "dldl",
    "fds",
    "inv",
    "lde",
    "lds",
    "ordinal",
    "rrt",
    "sqinv",
    "srl",
    "supcon",
    "uvote",
    "vir",
)


class MPIIFaceGaze(Photographs):
    """A face to pitch and yaw.

    Args:
        images, backbone, size, rows: see `bench.bases.photographs.Photographs`.
        fold: the person who tests, where each of 15 does in turn.
    """

    metrics = ("angular", "r2", "mae")
    unit = "°"
    groups = ("photographs",)
    mirrored = False
    reported = "MPIIFaceGaze"
    reported_note = "who of RnC's people is in which split is unpublished"
    note = "No two splits share a person."
    bins = Bins(-45.0, 3.0, 30)
    excluded: ClassVar = dict.fromkeys(BY_BIN, ONE)

    def __init__(
        self,
        images: Literal["real", "synthetic"] = "real",
        fold: Person | None = None,
        backbone: Backbone = "resnet18",
        size: Pixels = 224,
        rows: PicturesKept | None = None,
    ) -> None:
        super().__init__(images, backbone, size, rows)
        self.fold = fold
        if fold is not None:
            self.reported = None
        if not self.synthetic:
            self.folder = Folder(FOLDER, f"{FOLDER}/{FOLDER}.csv", named, collected, licence="CC BY-NC-SA 4.0")

    def load(self, root: Path) -> Splits:
        """Find or paint the pictures."""
        if self.synthetic:
            people = np.repeat(np.arange(PEOPLE), EACH)
            rng = np.random.default_rng(stream_seed(0, "gazes/directions"))
            gaze = directions(len(people), rng)
            fetch, digest = self.painted(looks(gaze, people, stream_seed(0, "gazes")), paint)
        else:
            folder, names = root / FOLDER, named(root)
            labels = [read_labels(folder / name) for name in names]
            gaze, people = np.concatenate(labels), np.repeat(np.arange(len(names)), list(map(len, labels)))
            decoded = store_arrays(folder, names, len(gaze), self.edge, folder / "decoded", read_pictures)
            fetch, digest = decoded.fetch, decoded.digest()

        def split(name: str) -> Split:
            rows = self._some(np.flatnonzero(self._splits()[people] == name), len(people))
            labels = torch.from_numpy(gaze[rows]).float()
            return Split(self.pictures(fetch, rows, name), labels, shared={"person": people[rows].astype(str)})

        train, val, test = map(split, SPLITS)
        return Splits(train, val, test, inputs=digest)

    def _splits(self) -> np.ndarray:
        # the split of each person
        split = np.full(PEOPLE, "train", dtype=object)
        if self.fold is None:
            split[TRAIN:], split[TRAIN + VAL :] = "val", "test"
        else:
            split[(self.fold + 1) % PEOPLE], split[self.fold] = "val", "test"
        return split

    def _some(self, rows: np.ndarray, of: int) -> np.ndarray:
        kept = len(rows) if self.rows is None else min(len(rows), len(rows) * self.rows // of)
        return rows[np.arange(kept) * len(rows) // max(kept, 1)]


def named(root: Path) -> list[str]:
    """The files that the list names, in their order.

    Raises:
        BenchError: it is not a list of the 15.
    """
    path = root / FOLDER / f"{FOLDER}.csv"
    names = [cells[0] for _, cells in reading.rows(path, LISTED)]
    if names != FILES:
        raise BenchError(f"{path} does not name p00.mat to p14.mat; remove it and run bench data add {FOLDER} FOLDER")
    return names


FILES = [f"p{person:02}.mat" for person in range(PEOPLE)]


def collected(root: Path, path: Path) -> Iterator[tuple[str, bytes]]:
    """Our list of the files, each of which is read for what it must hold, of what is below a folder or is there."""
    found = [(name, first_named(path, name) or root / FOLDER / name) for name in FILES]
    missing = [name for name, file in found if not file.is_file()]
    if missing:
        raise BenchError(f"no {missing[0]} is below {path}; name the folder that has p00.mat to p14.mat")
    lines = [",".join(LISTED), *(f"{name},{len(read_labels(file))}" for name, file in found)]
    yield f"{FOLDER}/{FOLDER}.csv", ("\n".join(lines) + "\n").encode()


def read_labels(path: Path) -> np.ndarray:
    """Pitch and yaw in degrees of a person's pictures, (N, 2).

    Raises:
        BenchError: the file has another form, or h5py is not there.
    """
    with _opened(path) as (_, labels):
        gaze = np.degrees(labels[:, :2].astype(np.float64))
    if not (np.isfinite(gaze).all() and np.abs(gaze).max() <= 90):
        raise BenchError(f"{path}: a gaze is no angle in radians up to 90 degrees; get it again")
    return gaze


def read_pictures(path: Path) -> Iterator[np.ndarray]:
    """A person's pictures, (n, H, W, 3) uint8 in red, green, blue, some at a time."""
    with _opened(path) as (data, _):
        for start in range(0, len(data), TOGETHER):
            some = data[start : start + TOGETHER]
            yield np.ascontiguousarray(some[:, ::-1].transpose(0, 2, 3, 1).clip(0, 255).astype(np.uint8))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    # the two arrays of a file: Data/data (N, 3, H, H), and Data/label (N, 2 or more)
    try:
        import h5py  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BenchError(f"{path} is read by h5py; {EXTRA}") from None
    with reading.opened(path) as raw, ExitStack() as stack:
        try:
            file: Any = stack.enter_context(h5py.File(raw, "r"))
            data, labels = file["Data/data"], file["Data/label"]
            pictures, columns = data.shape, labels.shape
        except Exception as error:  # a broken file fails in h5py in all sorts of ways
            raise BenchError(f"{path} is no normalised file of a person ({why(error)}); get it again") from None
        if len(pictures) != 4 or pictures[1] != 3 or pictures[2] != pictures[3] or not pictures[0]:
            raise BenchError(f"{path} has pictures of shape {pictures}, expected (N, 3, H, H); get it again")
        if len(columns) != 2 or columns[0] != pictures[0] or columns[1] < 2:
            raise BenchError(f"{path} has labels of shape {columns}, expected ({pictures[0]}, 2 or more); get it again")
        yield data, labels
