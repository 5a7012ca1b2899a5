"""Picture files of unknown making, opened: only whole ones, of formats and sizes that datasets have."""

import io
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.data.reading import content, why
from bench.errors import BenchError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

LARGEST = 2**28  # bytes of a file
MOST_PIXELS = 89_478_485  # Pillow's own limit for a warning: a quarter of a gigabyte in RGB
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")  # Pillow's others run programs, or are rarities
EIGHT_BIT = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")


def open_picture(path: Path) -> tuple["ImageFile", bytes]:
    """A whole picture, decoded (of an animated one the first frame), and the bytes of its file.

    Raises:
        BenchError: it is no whole picture, or its header promises more than MOST_PIXELS.
    """
    from PIL import Image, UnidentifiedImageError

    _without_warning()
    raw = content(path, LARGEST)
    try:
        image = Image.open(io.BytesIO(raw), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels, and {MOST_PIXELS:,} is the limit")
        image.load()
    except Exception as error:  # a broken file fails in Pillow in all sorts of ways, memory included
        text = "of no known format" if isinstance(error, UnidentifiedImageError) else why(error)
        raise BenchError(f"{path} cannot be decoded: {text}; get it again") from None
    return image, raw


def require_eight_bit(image: "ImageFile", path: Path) -> None:
    """Refuse a picture whose brightness Pillow would cut at 255 on the way to RGB.

    Raises:
        BenchError: it has 16 bits or floats a pixel.
    """
    if image.mode not in EIGHT_BIT:
        raise BenchError(f"{path} holds pixels of mode {image.mode}, expected 8 bits a channel; convert it first")


@cache
def _without_warning() -> None:
    # the limit above is an error; a warning beside it would be a second line
    from PIL import Image

    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
