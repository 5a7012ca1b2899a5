"""Pictures under the common corruptions of Hendrycks and Dietterich, by the package imagecorruptions-imaug.

Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR 2019:
their 15 corruptions of the test, each at 5 severities. The package is the maintained line of imagecorruptions, which
takes pictures of any size from 32 pixels a side on (Michaelis et al., arXiv:1907.07484).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from types import ModuleType

import numpy as np

from bench.cores import available_cores
from bench.errors import BenchError

EXTRA = "install the extra bench[corruptions]: pip install 'regression-bench[corruptions]'"
SEVERITIES = (1, 2, 3, 4, 5)
SMALLEST = 32  # pixels a side
FEW = 200  # pictures, for which starting processes takes longer than it saves
SEEDED = ("impulse_noise", "glass_blur")  # which draw from generators of their own


def names() -> list[str]:
    """The 15 corruptions: noise, blur, weather, digital.

    Raises:
        BenchError: the package is missing.
    """
    return list(_package().get_corruption_names("common"))


def each(pictures: np.ndarray, rows: Sequence[int]) -> Iterator[tuple[str, int, np.ndarray]]:
    """Pictures under each corruption at each severity: name, severity, and (N, C, H, W) uint8.

    Of gray pictures the first channel is given, as noise differs by channel.

    Args:
        pictures: (N, C, H, W) uint8, of one channel or three, from 32 pixels a side on.
        rows: a number of each picture, from which its random numbers are drawn: the same ones in every call.

    Raises:
        BenchError: the package is missing.
    """
    with _mapping(len(pictures)) as over:
        for number, name in enumerate(names()):
            for severity in SEVERITIES:
                seeds = [_seed(number, severity, row) for row in rows]
                yield name, severity, np.stack(list(over(partial(_corrupted, name, severity), pictures, seeds)))


@contextmanager
def _mapping(number: int) -> Iterator[Callable[..., Iterator[np.ndarray]]]:
    cores = available_cores()
    if cores == 1 or number < FEW:
        yield map
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield partial(pool.map, chunksize=16)


def _seed(corruption: int, severity: int, row: int) -> int:
    return int(np.random.SeedSequence([corruption, severity, row]).generate_state(1)[0])


def _corrupted(name: str, severity: int, picture: np.ndarray, seed: int) -> np.ndarray:
    own = {"seed": seed} if name in SEEDED else {}
    before = np.random.get_state()  # noqa: NPY002 (the package draws from the global generator)
    np.random.seed(seed)  # noqa: NPY002
    try:
        made = _package().corrupt(picture.transpose(1, 2, 0), severity=severity, corruption_name=name, **own)
    finally:
        np.random.set_state(before)  # noqa: NPY002
    return made.transpose(2, 0, 1)[: len(picture)]


def _package() -> ModuleType:
    try:
        import imagecorruptions  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise BenchError(f"corruptions need the package {error.name}; {EXTRA}") from None
    return imagecorruptions
