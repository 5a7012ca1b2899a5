"""Arrays out of .npy and .npz files of unknown making; what is pickled is refused."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from bench.data.archives import unzipped
from bench.data.reading import content, opened, why
from bench.errors import BenchError

LARGEST = 2**30  # bytes of an array


def read_array(path: Path) -> np.ndarray:
    """The array of a .npy file.

    Raises:
        BenchError: it is damaged, or holds anything but numbers.
    """
    return _array(content(path, LARGEST), path)


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Some arrays of a .npz file.

    Raises:
        BenchError: one is missing, damaged, or holds anything but numbers.
    """
    found = {}
    for name in names:
        with opened(path) as file, unzipped(file, f"{name}.npy", path, f"the array '{name}'") as member:
            found[name] = _array(member.read(LARGEST), path)
    return found


def _array(raw: bytes, path: Path) -> np.ndarray:
    stream = io.BytesIO(raw)
    try:
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        shape, fortran, dtype = readers[npy.read_magic(stream)](stream)
        if dtype.kind not in "biuf":
            raise ValueError(f"it holds {dtype}, not numbers")
        # from the bytes that are there, so that no header asks for memory
        flat = np.frombuffer(raw, dtype, offset=stream.tell())
        return flat.reshape(shape, order="F" if fortran else "C").copy("K")
    except Exception as error:  # numpy's reader of headers fails in many ways
        text = "no header that is known" if isinstance(error, KeyError) else why(error)
        raise BenchError(f"{path} cannot be read: {text}; get it again") from None
