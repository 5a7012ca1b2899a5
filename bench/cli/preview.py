"""A sheet of a dataset's samples with their labels, for people to look at."""

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from bench.data.reading import why
from bench.errors import BenchError, unknown
from bench.paths import require_ending
from bench.plugins.resolve import NamedDataset
from bench.runs import cells

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLES = 40
COLUMNS = {"picture": 8, "text": 2}
WIDTH = {"picture": 144, "text": 560}  # pixels of a cell
MARGIN, LINE, LETTERS = 8, 18, 78  # pixels, pixels, letters of a line of text


def draw(on: NamedDataset, split: str, root: Path, out: Path) -> Path:
    """Write the sheet of a split as a PNG file; samples are spread evenly over the range of the labels."""
    from PIL import Image, ImageDraw, ImageFont

    if split not in ("train", "val", "test"):
        raise unknown("split", split, ("train", "val", "test"))
    require_ending(out, ".png")
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise BenchError(f"cannot write {out}: it is a folder, or in none; name another file with --out")
    part = getattr(cells.load(on, root), split)
    labels = part.labels[:].flatten(1).float().mean(1)  # of a dense target the mean
    rows = spread(labels, SAMPLES)
    samples = [sample for row in rows if (sample := on.dataset.sample(part, row)) is not None]
    if not samples:
        raise BenchError(f"{on.name} has neither pictures nor texts to look at")
    kind = "text" if isinstance(samples[0], str) else "picture"
    tiles = [_tile(sample, WIDTH[kind]) for sample in samples]
    texts = [f"{labels[row]:.4g} {on.dataset.unit}" for row in rows]
    height = max(tile.height for tile in tiles) + LINE
    columns = COLUMNS[kind]
    wide, high = WIDTH[kind] + MARGIN, height + MARGIN
    sheet = Image.new("RGB", (columns * wide + MARGIN, -(-len(tiles) // columns) * high + 2 * MARGIN + LINE), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    made = "synthetic, " if on.dataset.synthetic else ""
    pen.text((MARGIN, MARGIN), f"{on.name}, {split}: {made}{len(tiles)} of {len(part):,}", "black", font)
    for place, (tile, text) in enumerate(zip(tiles, texts, strict=True)):
        x, y = MARGIN + place % columns * wide, 2 * MARGIN + LINE + place // columns * high
        sheet.paste(tile, (x, y))
        pen.text((x, y + height - LINE), text, "black", font)
    try:
        sheet.save(out, "PNG")
    except (OSError, ValueError) as error:
        raise BenchError(f"cannot write {out}: {why(error)}; name another file with --out") from None
    return out


def spread(labels: Tensor, most: int) -> list[int]:
    """Rows whose labels (N,) lie nearest to evenly spaced values, in ascending order, none twice."""
    order = labels.argsort(stable=True)
    values = labels[order].numpy()
    wanted = np.linspace(values[0], values[-1], min(most, len(values)))
    # of equal labels another one each time, and always room for those to come
    chosen: list[int] = []
    for place, at in enumerate(np.searchsorted(values, wanted)):
        lowest = chosen[-1] + 1 if chosen else 0
        chosen.append(int(min(max(at, lowest), len(values) - len(wanted) + place)))
    return order[chosen].tolist()


def _tile(sample: "np.ndarray | str", width: int) -> "Image":
    from PIL import Image, ImageDraw, ImageFont

    if isinstance(sample, str):
        lines = [line for text in sample.splitlines() for line in wrap(text, LETTERS) or [""]]
        tile = Image.new("RGB", (width, LINE * len(lines)), "whitesmoke")
        ImageDraw.Draw(tile).multiline_text((0, 0), "\n".join(lines), "black", ImageFont.load_default(size=14))
        return tile
    picture = Image.fromarray(sample)
    smaller = picture.width < width
    # pixels stay visible where there are few
    return picture.resize(
        (width, round(width * picture.height / picture.width)),
        Image.Resampling.NEAREST if smaller else Image.Resampling.LANCZOS,
    )
