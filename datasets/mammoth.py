"""Coordinates of a mammoth skeleton, in the units of the scan.

Rows are drawn from the 50,000 points of PAIR-code/understanding-umap, a down-sample of a Smithsonian scan. The papers'
own draw is another one, from another list of points: compare the order of methods with their table, not single numbers.
PH-Reg's repository has that draw, data/mammoth.npy: `mammoth[points=published]` reads it, `bench data fetch` gets it.
No copy of it was at hand here: the fetched file is checked by the hash under which that repository lists it.
"""

import io
import json
from pathlib import Path
from typing import Literal

import numpy as np

from bench.bases.coordinates import ROWS, Coordinates
from bench.dataset import File, Splits
from bench.ranges import Index

SOURCE = "https://raw.githubusercontent.com/PAIR-code/understanding-umap"
PUBLISHED = File(
    "coordinates/mammoth.npy",
    sha256="",
    git_blob="029e72c3111f95c78d1c798e3dda8eebb5b0e69a",
    url="https://raw.githubusercontent.com/needylove/PH-Reg/8b1d95ea6b5b/data/mammoth.npy",
    licence="none stated",
)


def to_npy(raw: bytes) -> bytes:
    """A JSON list of points as the bytes of a float32 .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, np.array(json.loads(raw), dtype="<f4"))
    return buffer.getvalue()


class Mammoth(Coordinates):
    """Each draw takes 3000 points without replacement.

    Args:
        points: of the scan, those behind the papers' tables, or a crude animal of ellipsoids that needs no file.
        draw: which draw of points; those of the papers are one fixed draw.
    """

    groups = ("coordinates",)
    files = (
        File(
            "coordinates/mammoth_50k.npy",
            "16e6c477ab94778227a77ab844ced214cbd74f85997ead60227c6629f4d9d0bd",
            url=f"{SOURCE}/master/raw_data/mammoth_3d_50k.json",
            licence="Apache-2.0",
            convert=to_npy,
        ),
    )

    def __init__(self, points: Literal["scan", "published", "synthetic"] = "scan", draw: Index = 0) -> None:
        super().__init__("published" if points == "published" else "generated", draw)
        self.synthetic = points == "synthetic"
        if not self.synthetic:
            self.files = (PUBLISHED,) if points == "published" else type(self).files
            self.reported, self.offline = "coordinate-mammoth", "mammoth[points=synthetic]"

    def load(self, root: Path) -> Splits:
        """Draw from the scan, or from the stand-in; or read the published draw."""
        if self.points == "generated":
            self.cloud = stand_in() if self.synthetic else np.load(root / self.files[0].path, allow_pickle=False)
        return super().load(root)

    def shape(self, rng: np.random.Generator) -> np.ndarray:
        """One draw of the animal, (ROWS, 3)."""
        return self.cloud[rng.choice(len(self.cloud), ROWS, replace=False)].astype(np.float64)


def stand_in() -> np.ndarray:
    """10,000 points on a body, a head, four legs, a trunk and two tusks, in the scan's extent; (10000, 3)."""
    rng = np.random.default_rng(0)
    parts = [  # points in hundreds, centre, half axes: x across, y from tusks to tail, z up
        (40, (75, 380, 90), (50, 150, 60)),
        (15, (75, 215, 105), (35, 40, 55)),
        *((7, (x, y, -70), (15, 20, 100)) for x in (40, 110) for y in (300, 500)),
        (7, (75, 180, 10), (12, 15, 90)),
        *((5, (x, 135, 50), (12, 75, 30)) for x in (30, 120)),
    ]
    clouds = []
    for hundreds, centre, axes in parts:
        normal = rng.standard_normal((100 * hundreds, 3))
        clouds.append(np.array(centre) + axes * normal / np.linalg.norm(normal, axis=1, keepdims=True))
    return np.concatenate(clouds)
