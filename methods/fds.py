"""Feature distribution smoothing (FDS): move each label bin's feature statistics towards its neighbours'.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression */fds.py at a6fdc45d45c0, its alias included (see `alias`).
Differs: labels beyond the first or last bin always join it (in the age code, only beside an edge label);
the tables live on in a second stage.
"""

from typing import ClassVar

import torch
from scipy.ndimage import convolve1d
from torch import Tensor, nn

from bench.dataset import Dataset
from bench.functional.shapes import require_broadcast
from bench.functional.smoothing import Kernel, window
from bench.method import Method, Task
from bench.ranges import Finite, NonNegative, Odd, Positive, Share, Spread


class FDS(Method):
    """Smooth the features in training, from the third epoch on; update the tables after each epoch.

    Args:
        kernel, size, sigma: of the window over bins: gaussian, triang or laplace.
        momentum: share of the old running statistics.
        low, high: range of the ratio of variances.
        first, last: labels of the first and last bin; None means those of the training labels.
        alias: as released, the old statistics are one epoch newer than the smoothed ones, as one tensor is
            both the running and the "last" statistics; False takes both from the same epoch.
        fill: give bins without samples the mean of their neighbours' statistics.
        raw: statistics are of the features before they are smoothed, as released for NYUD2, where the others smooth
            in place.
    """

    defaults: ClassVar = {
        "agedb": {"first": 3.0, "last": 99.0, "fill": False},
        "imdb_wiki": {"first": 0.0, "last": 99.0, "fill": False},
        "stsb": {"low": 0.5, "high": 2.0},
        "nyud2": {"low": 0.2, "high": 5.0, "first": 0.75, "last": 9.95, "alias": False, "fill": False, "raw": True},
    }
    origins: ClassVar = {
        "": "paper, appendix A, and code",
        "first": "ours: the training labels' own range",
        "last": "ours: the training labels' own range",
        "fill": "code for STS-B",
        "agedb": "code",
        "imdb_wiki": "code",
        "stsb": "code",
        "nyud2": "code",
    }
    ordered: ClassVar = (("low", "high"), ("first", "last"))

    def __init__(
        self,
        kernel: Kernel = "gaussian",
        size: Odd = 5,
        sigma: Spread = 2.0,
        momentum: Share = 0.9,
        low: NonNegative = 0.1,
        high: Positive = 10.0,
        first: Finite | None = None,
        last: Finite | None = None,
        alias: bool = True,
        fill: bool = True,
        raw: bool = False,
    ) -> None:
        super().__init__()
        self.window, self.momentum, self.clip = window(kernel, size, sigma), momentum, (low, high)
        self.first, self.last, self.alias, self.fill = first, last, alias, fill
        self.raw_statistics = raw

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Statistics are kept per label bin."""
        return None if dataset.bins else "it keeps statistics per label bin, and this dataset has none"

    def prepare(self, task: Task) -> None:
        """Empty tables for the bins between the first and the last label."""
        super().prepare(task)
        assert task.bins is not None
        ends = task.labels.aminmax()
        ends = (ends.min if self.first is None else self.first, ends.max if self.last is None else self.last)
        self.lowest, self.highest = (int(task.bins.index(torch.as_tensor(end))) for end in ends)
        bins = self.highest - self.lowest + 1
        self.table = Table(bins, task.width, self.window, self.momentum, self.clip, self.alias, self.fill)

    def features(self, z: Tensor, y: Tensor, epoch: int) -> Tensor:
        """Each row, or pixel, calibrated by the statistics of its bin."""
        del epoch  # the tables count for themselves, over all stages
        return self.table.smooth(z.movedim(1, -1), self._bins(y)).movedim(-1, 1)

    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Take in the features of a pass over the training split."""
        del epoch
        self.table.end_epoch(z.movedim(1, -1).flatten(0, -2), self._bins(y).flatten())

    def _bins(self, y: Tensor) -> Tensor:
        index = self.task.bin_of(y)[:, 0]
        return index.clamp(self.lowest, self.highest) - self.lowest


class Table(nn.Module):
    """Running, last and smoothed statistics of K bins, each (K, D)."""

    mean: Tensor
    variance: Tensor
    last_mean: Tensor
    last_variance: Tensor
    smooth_mean: Tensor
    smooth_variance: Tensor

    def __init__(
        self,
        bins: int,
        width: int,
        window: Tensor,
        momentum: float = 0.9,
        clip: tuple[float, float] = (0.1, 10.0),
        alias: bool = True,
        fill: bool = False,
    ) -> None:
        super().__init__()
        self.window = (window / window.sum()).numpy()
        self.momentum, self.clip, self.alias, self.fill = momentum, clip, alias, fill
        self.epoch = 0
        for name in ("", "last_", "smooth_"):
            self.register_buffer(name + "mean", torch.zeros(bins, width))
            self.register_buffer(name + "variance", torch.ones(bins, width))

    def smooth(self, features: Tensor, bins: Tensor) -> Tensor:
        """Calibrated features, (..., D) and bin numbers (...); unchanged in the first epoch."""
        if self.epoch == 0:
            return features
        old, new = (self.last_mean, self.last_variance), (self.smooth_mean, self.smooth_variance)
        return calibrate(features, *(table[bins] for table in old + new), clip=self.clip)

    @torch.no_grad()
    def end_epoch(self, features: Tensor, bins: Tensor) -> None:
        """From the second epoch on keep and smooth the running statistics, then update them; (N, D), (N,)."""
        if self.epoch > 0:
            self.last_mean, self.last_variance = self.mean, self.variance
            self.smooth_mean, self.smooth_variance = self._smoothed(self.mean), self._smoothed(self.variance)
        counts = features.new_zeros(len(self.mean), 1).index_add(0, bins, features.new_ones(len(bins), 1))
        mean = torch.zeros_like(self.mean).index_add(0, bins, features) / counts
        squares = torch.zeros_like(mean).index_add(0, bins, (features - mean[bins]).square())
        variance = squares / (counts - 1).clamp_min(1)
        share = self.momentum if self.epoch > 0 else 0.0
        self.mean = torch.where(counts > 0, (1 - share) * mean + share * self.mean, self.mean)
        self.variance = torch.where(counts > 0, (1 - share) * variance + share * self.variance, self.variance)
        if self.fill:
            self._fill((counts == 0).squeeze(1).nonzero().flatten().tolist())
        if self.alias and self.epoch > 0:
            self.last_mean, self.last_variance = self.mean, self.variance
        self.epoch += 1

    def _smoothed(self, table: Tensor) -> Tensor:
        return torch.from_numpy(convolve1d(table.cpu().numpy(), self.window, axis=0, mode="mirror")).to(table)

    def _fill(self, empty: list[int]) -> None:
        # in ascending order, so a left neighbour may have been filled just now
        for bin_ in empty:
            neighbours = [other for other in (bin_ - 1, bin_ + 1) if 0 <= other < len(self.mean)]
            for table in (self.mean, self.variance):
                table[bin_] = torch.stack([table[other] for other in neighbours]).mean(0)


def calibrate(
    features: Tensor,
    mean: Tensor,
    variance: Tensor,
    new_mean: Tensor,
    new_variance: Tensor,
    clip: tuple[float, float] = (0.1, 10.0),
) -> Tensor:
    """Move features from one mean and variance to another; (..., D), statistics (D,) or (..., D) -> (..., D).

    The ratio of variances is clipped. A channel without variance stays as it is, and so does a row whose
    variances sum to less than 1e-10.

    >>> mean, variance = torch.zeros(2), torch.ones(2)
    >>> calibrate(torch.ones(1, 2), mean, variance, mean + 5, 4 * variance)
    tensor([[7., 7.]])
    """
    for what, values in (("means", mean), ("variances", variance), ("means", new_mean), ("variances", new_variance)):
        require_broadcast(values, features, what)
    moved = (variance.sum(-1, keepdim=True) >= 1e-10) & (variance > 0) & (new_variance >= 0)
    ratio = (new_variance / torch.where(moved, variance, 1.0)).clamp(*clip)
    return torch.where(moved, (features - mean) * ratio.sqrt() + new_mean, features)
