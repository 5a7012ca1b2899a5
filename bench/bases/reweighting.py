"""Re-weighting by the inverse frequency of label bins, which several methods share.

As in YyzHarry/imbalanced-regression datasets.py, sts-b-dir/tasks.py and nyud2-dir/loaddata.py at a6fdc45d45c0.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from scipy.ndimage import convolve1d
from torch import Tensor

from bench.dataset import Dataset
from bench.errors import BenchError, ShapeError, unknown
from bench.functional.smoothing import Kernel, window
from bench.method import Method

Scheme = Literal["inverse", "sqrt_inverse"]
Border = Literal["zero", "reflect"]
_FIRST = 7  # of NYUD2's 100 bins, the first that holds pixels


class Reweighting(Method):
    """Base of the methods that fill the weights slot by label bins; the mean weight of the training samples is 1."""

    scheme: Scheme = "inverse"
    clip: tuple[int, int | None] | None = None  # of the counts, before anything else

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Without bins of one scalar label there is nothing to count."""
        return None if dataset.bins else "it counts samples by label bin, and this dataset has no label bins"

    def weights(self, labels: Tensor) -> Tensor:
        """(N, 1) labels -> (N, 1)."""
        bins = self.task.bins
        assert bins is not None
        number = bins.weighed or bins.number

        def index(of: Tensor) -> Tensor:
            return bins.index(of).clamp_max(number - 1)

        counted = index(self.task.labels).flatten().bincount(minlength=number)
        counts = counted if bins.counts is None else torch.tensor(bins.counts)
        weights = _weights(
            counts, self.scheme, self.clip, self.task.density or self.density, _FIRST if bins.first else 0
        )
        return weights.to(labels.device)[index(labels)]


def bin_weights(
    counts: Any,
    scheme: Scheme,
    clip: tuple[int, int | None] | None = None,
    smoothing: tuple[Kernel, int, float] | None = None,
    border: Border = "zero",
) -> Tensor:
    """Weight of a sample of each bin, scaled so that the counted samples have mean 1; (K,) -> (K,) float32.

    A bin whose count is still 0 when it is to be inverted has weight 0: no sample is in it.

    Args:
        counts: samples in each bin; array, list or tensor.
        clip: lowest and highest count, applied first.
        smoothing: kernel, size and sigma of the window, applied after the square root.
        border: what lies beyond the bins; "reflect" is NYUD2's, where bins 0 to 6 take the value of bin 7.

    >>> bin_weights([1, 2, 1], "inverse")
    tensor([1.3333, 0.6667, 1.3333])
    """
    if scheme not in ("inverse", "sqrt_inverse"):
        raise unknown("scheme", scheme, ("inverse", "sqrt_inverse"))
    if border not in ("zero", "reflect"):
        raise unknown("border", border, ("zero", "reflect"))
    smooth = partial(smoothed, smoothing=smoothing, border=border) if smoothing else None
    return _weights(counts, scheme, clip, smooth, _FIRST if border == "reflect" else 0)


def smoothed(density: np.ndarray, smoothing: tuple[Kernel, int, float], border: Border) -> np.ndarray:
    """A density over label bins, (K,) -> (K,), convolved with a window of kernel, size and sigma."""
    mode = "reflect" if border == "reflect" else "constant"
    return convolve1d(density, window(*smoothing).numpy(), mode=mode)


def _weights(
    counts: Any,
    scheme: Scheme,
    clip: tuple[int, int | None] | None,
    smooth: Callable[[np.ndarray], np.ndarray] | None,
    first: int,
) -> Tensor:
    number = torch.as_tensor(counts).detach().cpu().double().numpy()
    if number.ndim != 1:
        raise ShapeError(f"counts of shape {number.shape} have {number.ndim} axes; give one count a bin, (K,)")
    if len(number) <= first or not number.sum() > 0:
        raise BenchError(f"{number.sum():g} samples in {len(number)} bins give no weights; count more")
    # whole counts stay integers, so that the convolution drops the fraction of what it returns
    density = number.astype(np.int64) if (number % 1 == 0).all() else number
    if clip is not None:
        density = density.clip(*clip)
    if scheme == "sqrt_inverse":
        density = np.sqrt(density)
    density = density[first:]
    if smooth is not None:
        density = smooth(density)
    density = np.concatenate([density[:1].repeat(first), density])
    weights = np.divide(1.0, density, out=np.zeros(len(density)), where=density > 0)
    weights *= number.sum() / (number @ weights)
    device = counts.device if isinstance(counts, Tensor) else None
    return torch.from_numpy(weights).float().to(device)
