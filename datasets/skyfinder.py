"""SkyFinder: the temperature outdoors, in °C, from pictures of webcams that stand still.

Pictures: Mihail et al., Sky Segmentation in the Wild: An Empirical Study, WACV 2016; CC BY 4.0 as its record 5884485 at
Zenodo says (by a user's notes; not seen here), with a table of what the next weather station measured. Unpack the
cameras' archives so that each picture lies in a folder of its camera's number, put complete_table_with_mcr.csv beside
them, and run `bench data add skyfinder FOLDER`: it takes what is there, without pictures that are cut off, and without
rows whose temperature is missing (-9999 in the table).

Which pictures: Rank-N-Contrast has 35,417 (its tables), the number that Chu et al., Visual Weather Temperature
Prediction, WACV 2018, state for one picture a camera and day taken around 11 o'clock. Here that is the picture nearest
to 11:00 by the sun, within an hour: names are times in UTC, a user's audit found, and 15 degrees of longitude are an
hour. How many this leaves was not counted here, as nobody here has had the pictures. pictures=all takes every one.
Split: RnC's is unpublished. Its sizes as remembered here, unverified, are 28,373, 3,522 and 3,522, which a tenth of
each degree, rounded down, would give: so it is done here, at random. split=cameras has no camera in two splits; of five
folds of cameras one validates and one tests.
Regions: as DIR counts, by the training pictures of the same whole degree: many above 100, few below 20; ours.
Protocol: that of RnC on AgeDB, with its ResNet-18, as what it does otherwise on these pictures is unpublished;
`rnc[recipe=paper]` trains RnC's two stages. Bins: a degree each, from -30 to 50.

images=synthetic: painted hills, seasons and weather (bench.synthetic.skies) of 44 cameras, RnC's number as remembered;
how many there are of each degree is a bell curve of ours. They look 2 degrees (one deviation) warmer or colder than the
label says.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch

from bench.bases.age_lists import SPLITS, thinned
from bench.bases.holdout import grouped
from bench.bases.photographs import Backbone, Photographs
from bench.data import reading
from bench.data.image_cache import store
from bench.dataset import Bins, Folder, Split, Splits
from bench.errors import BenchError
from bench.functional.random_streams import stream_seed
from bench.paths import inside, shown
from bench.ranges import PicturesKept, Pixels
from bench.shots import regions
from bench.synthetic.skies import CAMERAS, paint, views

LOWEST, DEGREES = -30, 81  # bins
COLDEST, HOTTEST = -60.0, 60.0  # that a station can have measured
NOON, WITHIN = 11.0, 1.0  # hours by the sun
TABLE, LISTED = "complete_table_with_mcr.csv", ["path", "camera", "celsius", "day", "hour"]
FOLDS = 5  # of cameras
MADE = 35_417  # synthetic pictures


class SkyFinder(Photographs):
    """A picture to a temperature.

    Args:
        images, backbone, size, rows: see `bench.bases.photographs.Photographs`.
        pictures: one a camera and day, around 11 o'clock, or all.
        split: at random within each degree, or camera by camera.
    """

    metrics = ("mae", "r2", "rmse", "gmean_error", "balanced_mae")
    unit = "°C"
    reported = "SkyFinder"
    reported_note = "RnC's split is unpublished, and the pictures are chosen by a rule of ours"
    bins = Bins(float(LOWEST), 1.0, DEGREES)

    def __init__(
        self,
        images: Literal["real", "synthetic"] = "real",
        pictures: Literal["daily", "all"] = "daily",
        split: Literal["degrees", "cameras"] = "degrees",
        backbone: Backbone = "resnet18",
        size: Pixels = 224,
        rows: PicturesKept | None = None,
    ) -> None:
        super().__init__(images, backbone, size, rows)
        self.daily, self.split = pictures == "daily", split
        if split == "cameras":
            self.note = "No two splits share a camera."
        if split == "cameras" or not self.daily:
            self.reported = None
        if not self.synthetic:
            self.folder = Folder("skyfinder", "skyfinder/skyfinder.csv", self._names, collected, licence="CC BY 4.0")

    def load(self, root: Path) -> Splits:
        """Find or paint the pictures."""
        table = self._chosen(made_up() if self.synthetic else self._listed(root))
        degrees, cameras = table.celsius.to_numpy(np.float64), table.camera.to_numpy()
        if self.synthetic:
            columns = views(degrees, cameras.astype(int), stream_seed(0, "skies"))
            fetch, digest = self.painted(columns, paint)
        else:
            folder = root / "skyfinder"
            decoded = store(folder, table.path.tolist(), self.edge, "cropped", folder / "decoded")
            fetch, digest = decoded.fetch, decoded.digest()

        def split(name: str) -> Split:
            rows = np.flatnonzero(table.split == name)
            labels = torch.from_numpy(degrees[rows, None]).float()
            return Split(self.pictures(fetch, rows, name), labels, shared={"camera": cameras[rows].astype(str)})

        train, val, test = map(split, SPLITS)
        return Splits(train, val, test, inputs=digest)

    def regions(self, train_labels: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Region (N,) by the training count of the label's whole degree."""
        return regions(np.floor(train_labels), np.floor(labels.ravel()))

    def _names(self, root: Path) -> list[str]:
        return self._listed(root).path.tolist()

    def _listed(self, root: Path) -> pd.DataFrame:
        table = read_list(root / "skyfinder" / "skyfinder.csv")
        return around_noon(table) if self.daily else table

    def _chosen(self, table: pd.DataFrame) -> pd.DataFrame:
        rows = by_camera(table) if self.split == "cameras" else by_degree(table)
        split = np.full(len(table), "", dtype=object)
        for name, chosen in zip(SPLITS, rows, strict=True):
            split[chosen] = name
        return thinned(table.assign(split=split), self.rows, by="celsius")


def by_degree(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that train, validate and test: at random, a tenth of each whole degree, rounded down, twice."""
    degrees = np.floor(table.celsius.to_numpy())
    rng = np.random.default_rng(stream_seed(0, "skyfinder/split"))
    parts: list[list[np.ndarray]] = [[], [], []]
    for degree in np.unique(degrees):
        rows = rng.permutation(np.flatnonzero(degrees == degree))
        held = len(rows) // 10
        for part, some in zip(parts, (rows[2 * held :], rows[:held], rows[held : 2 * held]), strict=True):
            part.append(some)
    train, val, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, val, test


def by_camera(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that train, validate and test, such that no two splits share a camera.

    Raises:
        BenchError: there are too few cameras.
    """
    cameras = table.camera.to_numpy()
    if len(np.unique(cameras)) < FOLDS:
        raise BenchError(f"split=cameras needs {FOLDS} cameras, and there are {len(np.unique(cameras))}; add more")
    return grouped(table.celsius.to_numpy(), cameras, FOLDS)


def around_noon(table: pd.DataFrame) -> pd.DataFrame:
    """Of each camera and day the picture nearest to 11:00 by the sun, if it is within an hour; in the list's order."""
    off = (table.hour - NOON).abs()
    near = table[off <= WITHIN].assign(off=off)
    first = near.sort_values(["off", "path"]).drop_duplicates(["camera", "day"]).index
    return table.loc[np.sort(first.to_numpy())].reset_index(drop=True)


def made_up() -> pd.DataFrame:
    """The synthetic list: temperatures from -20 to 49 by a bell curve, and a camera each."""
    rng = np.random.default_rng(stream_seed(0, "skyfinder/list"))
    whole = np.arange(-20, 50)
    weights = np.exp(-(((whole - 14) / 13.0) ** 2) / 2)
    degrees = np.repeat(whole, np.diff(np.round(np.append(0, weights.cumsum()) / weights.sum() * MADE)).astype(int))
    cameras = rng.integers(CAMERAS, size=len(degrees))
    return pd.DataFrame({"celsius": (degrees + rng.random(len(degrees))).round(1), "camera": cameras})


def read_list(path: Path) -> pd.DataFrame:
    """The list that `collected` writes.

    Raises:
        BenchError: naming the first line that is not as it must be.
    """
    lines = reading.rows(path, LISTED)
    for number, cells in lines:
        inside(cells[0], f"{path}, line {number}")
        if any(_number(cell) is None for cell in (cells[2], cells[4])):
            raise BenchError(f"{path}, line {number}: {shown(','.join(cells))} needs numbers; run bench data add again")
    table = pd.DataFrame([cells for _, cells in lines], columns=pd.Index(LISTED))
    return table.astype({"celsius": float, "hour": float})


def collected(root: Path, path: Path) -> Iterator[tuple[str, bytes]]:
    """Our list of the whole pictures below a folder, made from the authors' table."""
    source = reading.first_named(path, TABLE)
    if source is None:
        if (root / "skyfinder" / "skyfinder.csv").is_file():
            return  # pictures that were missing, added to a list that is there
        raise BenchError(f"no {TABLE} is below {path}; name the folder that has it beside the cameras' pictures")
    pictures = {f"{file.parent.name}/{file.name}": file for file in reading.walk(path)}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(LISTED)
    columns = ["CamId", "Filename", "TempM", "Longitude"]
    found = [_line(cells, f"{source}, line {number}") for number, cells in reading.rows(source, columns)]
    named = {row[0]: row for row in found if row is not None and row[0] in pictures}
    rows = [row for name, row in sorted(named.items()) if _is_whole(pictures[name])]
    if not rows:
        raise BenchError(f"none of the pictures that {source} names is below {path}, as CAMERA/NAME.jpg")
    writer.writerows(rows)
    yield "skyfinder/skyfinder.csv", out.getvalue().encode()


def _line(cells: list[str], where: str) -> tuple[str, ...] | None:
    # what our list says of a picture; None where nothing was measured
    camera, name, celsius, longitude = cells
    degrees, east = _number(celsius), _number(longitude)
    if degrees is None or not COLDEST <= degrees <= HOTTEST:
        return None
    try:
        taken = datetime.strptime(Path(name).stem, "%Y%m%d_%H%M%S")
    except ValueError:
        raise BenchError(f"{where}: {shown(name)} is no time as 20130617_101231.jpg; get the table again") from None
    if east is None or not -180 <= east <= 180:
        raise BenchError(f"{where}: longitude {shown(longitude)} is no number from -180 to 180; get the table again")
    sun = taken + timedelta(hours=east / 15)
    hour = f"{sun.hour + sun.minute / 60:.2f}"
    return f"{camera}/{name}", camera, f"{degrees:g}", sun.date().isoformat(), hour


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _is_whole(path: Path) -> bool:
    # a JPEG that is cut off lacks the mark of its end
    with reading.opened(path) as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - 1024))
        return b"\xff\xd9" in file.read()
