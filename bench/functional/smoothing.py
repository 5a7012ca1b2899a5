"""Windows that smooth over label bins, as in YyzHarry/imbalanced-regression utils.py at a6fdc45d45c0."""

from typing import Literal

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from bench.errors import BenchError, unknown

Kernel = Literal["gaussian", "triang", "laplace"]


def window(kernel: Kernel, size: int, sigma: float) -> Tensor:
    """A symmetric window of an odd number of bins, scaled to maximum 1; (size,) in float64.

    The Gaussian is a unit impulse of the window's own length, filtered with reflecting borders: flatter than
    a truncated Gaussian. The triangle takes no sigma.

    >>> window("triang", 3, 1.0).tolist()
    [0.5, 1.0, 0.5]
    """
    if size < 1 or size % 2 == 0:
        raise BenchError(f"a window of {size} bins has no middle; choose an odd size such as 5")
    if sigma <= 0:
        raise BenchError(f"a window of deviation {sigma} smooths nothing; choose a sigma above 0")
    offset = np.abs(np.arange(size) - size // 2)
    if kernel == "gaussian":
        values = gaussian_filter1d((offset == 0).astype(np.float64), sigma)
    elif kernel == "triang":
        values = (size // 2 + 1 - offset) / (size // 2 + 1)
    elif kernel == "laplace":
        values = np.exp(-offset / sigma)
    else:
        raise unknown("kernel", kernel, ("gaussian", "triang", "laplace"))
    return torch.from_numpy(values / values.max())
