"""VIR: features and predictions as distributions, both borrowing from samples of near labels.

Wang and Wang, Variational Imbalanced Regression, NeurIPS 2023, arXiv:2306.06599.
Follows Wang-ML-Lab/variational-imbalanced-regression loss.py, prm.py, evidential_deep_learning.py at 78dbeb09211f.
Differs: inputs are not reconstructed, which takes a decoder of their kind; variances are a linear layer on the features
(there a branch of ResNet's last block). A channel without variance in a bin stays as it is, where there none of the
batch is moved; labels beyond the first or last bin join it. As released, no divergence from a prior is charged.
"""

from collections.abc import Callable, Mapping
from math import log, pi
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import convolve1d
from torch import Tensor, nn
from torch.nn.functional import softplus

from bench.bases.reweighting import Reweighting, Scheme, smoothed
from bench.dataset import Dataset
from bench.functional.devices import to_device_of
from bench.functional.shapes import as_column, require_same
from bench.functional.smoothing import Kernel, window
from bench.method import Batch, Task
from bench.ranges import Finite, NonNegative, Odd, Positive, Several, Share, Spread

_STATISTICS = ("mean", "doubt", "variance")
_SLOPE = 0.1  # of the softplus that keeps what the head gives above 0


class VIR(Reweighting):
    """Sample features from distributions that are smoothed over label bins; predict a normal-inverse-gamma one.

    Args:
        weight: of the error times the evidence.
        prior: shape of the inverse gamma before any sample.
        scheme: of the weights, which multiply the number of samples that a prediction is worth.
        kernel, size, sigma: of the window over bins, for weights and features.
        momentum: share of the old running statistics.
        low, high: range of the ratio of variances.
        first, last: labels of the first and last bin of the statistics; None means those of the training labels.
        pixels: variances are those of a mean over so many; 49 pixels are ResNet's.
    """

    raw_statistics = True
    fallback_slots: ClassVar[tuple[str, ...]] = ("weights",)
    defaults: ClassVar = {"agedb": {"first": 3.0, "last": 99.0}, "imdb_wiki": {"first": 0.0, "last": 99.0}}
    origins: ClassVar = {
        "": "code (ages)",
        "first": "ours: the training labels' own range",
        "last": "ours: the training labels' own range",
        "agedb": "code",
        "imdb_wiki": "code of FDS",
    }
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-4, 1))
    ordered: ClassVar = (("low", "high"), ("first", "last"))

    def __init__(
        self,
        weight: NonNegative = 0.01,
        prior: Positive = 0.3,
        scheme: Scheme = "sqrt_inverse",
        kernel: Kernel = "gaussian",
        size: Odd = 5,
        sigma: Spread = 2.0,
        momentum: Share = 0.9,
        low: NonNegative = 0.1,
        high: Positive = 10.0,
        first: Finite | None = None,
        last: Finite | None = None,
        pixels: Several = 49,
    ) -> None:
        super().__init__()
        self.weight, self.prior = weight, prior
        self.scheme: Scheme = scheme
        self.smoothing: tuple[Kernel, int, float] = (kernel, size, sigma)
        self.momentum, self.clip_ratio, self.first, self.last, self.pixels = momentum, (low, high), first, last, pixels

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Statistics are kept by label bin, of whole samples."""
        dense = "it gives whole samples a distribution, and this dataset's targets are dense"
        return super().unsupported_reason(dataset) or (dense if dataset.dense_targets else None)

    def prepare(self, task: Task) -> None:
        """Draw the layer of the variances; empty tables for the bins between the first and the last label."""
        super().prepare(task)
        assert task.bins is not None
        self.spread = nn.Linear(task.width, task.width)
        ends = task.labels.aminmax()
        ends = (ends.min if self.first is None else self.first, ends.max if self.last is None else self.last)
        self.lowest, self.highest = (int(task.bins.index(torch.as_tensor(end))) for end in ends)
        bins = self.highest - self.lowest + 1
        self.table = Table(bins, task.width, window(*self.smoothing), self.momentum, self.clip_ratio)

    def density(self, density: np.ndarray) -> np.ndarray:
        """Smooth what is to be inverted."""
        return smoothed(density, self.smoothing, "reflect" if self.task.bins and self.task.bins.first else "zero")

    def features(self, z: Tensor, y: Tensor, epoch: int) -> Tensor:
        """A draw from each row's distribution, calibrated by the statistics of its bin."""
        del epoch  # the tables count for themselves, over all stages
        mean, variance = self.table.smooth(z, self._variance(z), self._bins(y))
        return mean + variance.sqrt() * to_device_of(torch.randn(z.shape, generator=self.task.generator), z)

    @torch.no_grad()
    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Take in the distributions of a pass over the training split, calibrated as in training."""
        del epoch
        bins = self._bins(y)
        self.table.end_epoch(*self.table.smooth(z, self._variance(z), bins), bins)

    def _variance(self, z: Tensor) -> Tensor:
        return (softplus(self.spread(z)) + 1e-6) / self.pixels

    def _bins(self, y: Tensor) -> Tensor:
        return self.task.bin_of(y)[:, 0].clamp(self.lowest, self.highest) - self.lowest

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """T means, T numbers of samples and T sums of squares, the latter two before the softplus."""
        return make(3 * targets)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, 3T) -> (B, T), the means."""
        return outputs.chunk(3, 1)[0]

    def columns(self, outputs: Tensor) -> Mapping[str, Tensor]:
        """The deviation of each mean."""
        _, v, alpha, beta = _normal_inverse_gamma(outputs, None, self.prior)
        return {"deviation": (beta / ((alpha - 1) * v)).sqrt() / self.task.scale}

    def loss(self, batch: Batch) -> Tensor:
        """Likelihood and evidence, in label units."""
        return evidential(batch.outputs, batch.y, batch.w, self.weight, self.prior, self.task.scale)


def evidential(
    outputs: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    weight: float = 0.01,
    prior: float = 0.3,
    scale: float = 1.0,
) -> Tensor:
    """Negative log-likelihood of a normal-inverse-gamma prediction, plus its error times its evidence, a scalar mean.

    Args:
        outputs: T means, then T numbers of samples and T sums of squares before their softplus, (B, 3T).
        targets: (B, T).
        weights: of the numbers of samples, (B, 1).
        weight: of the second term.
        prior: shape of the inverse gamma before any sample.
        scale: units of the other two in a unit of means and targets.

    >>> evidential(torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([2.0]))
    tensor(1.7428)
    """
    mean, v, alpha, beta = _normal_inverse_gamma(outputs, weights, prior)
    targets = as_column(targets)
    require_same(targets, mean, "targets", "means")
    error = (targets - mean) * scale
    spread = 2 * beta * (1 + v)
    nll = (log(pi) - v.log()) / 2 - alpha * spread.log() + (alpha + 0.5) * (v * error**2 + spread).log()
    nll = nll + alpha.lgamma() - (alpha + 0.5).lgamma()
    return (nll + weight * error.abs() * (2 * v + alpha)).mean()


def _normal_inverse_gamma(outputs: Tensor, weights: Tensor | None, prior: float) -> tuple[Tensor, ...]:
    mean, samples, squares = outputs.chunk(3, 1)
    v = softplus(samples, _SLOPE) + 2
    v = v if weights is None else v * as_column(weights)
    # far below 0 a softplus is 0
    return mean, v, prior + v / 2, softplus(squares, _SLOPE).clamp_min(1e-30)


class Table(nn.Module):
    """Running, last and smoothed statistics of the distributions in K bins, each (K, D).

    `mean` is that of the distributions' means, `doubt` its variance, `variance` that of a draw.
    """

    mean: Tensor
    doubt: Tensor
    variance: Tensor

    def __init__(
        self,
        bins: int,
        width: int,
        window: Tensor,
        momentum: float = 0.9,
        clip: tuple[float, float] = (0.1, 10.0),
    ) -> None:
        super().__init__()
        self.window, self.momentum, self.clip, self.epoch = (window / window.sum()).numpy(), momentum, clip, 0
        for kind in ("", "last_", "smooth_"):
            self.register_buffer(kind + "mean", torch.zeros(bins, width))
            self.register_buffer(kind + "doubt", torch.ones(bins, width))
            self.register_buffer(kind + "variance", torch.ones(bins, width))

    def smooth(self, mean: Tensor, variance: Tensor, bins: Tensor) -> tuple[Tensor, Tensor]:
        """Calibrated means and variances, (B, D) of bins (B,); unchanged in the first epoch."""
        if self.epoch == 0:
            return mean, variance
        old, new = ([table[bins] for table in self._tables(kind)] for kind in ("last_", "smooth_"))
        moved = (old[2].sum(1, keepdim=True) >= 1e-10) & (old[2] > 0)
        stretch = (new[2] / torch.where(moved, old[2], 1.0)).clamp(*self.clip).sqrt()
        return (
            torch.where(moved, (mean - old[0]) * stretch + new[0], mean),
            torch.where(moved, (variance + old[1]) * stretch + new[1], variance),
        )

    @torch.no_grad()
    def end_epoch(self, mean: Tensor, variance: Tensor, bins: Tensor) -> None:
        """From the second epoch on smooth the running statistics, then update them; (N, D), (N, D), (N,).

        As released, the last statistics are then one epoch newer than the smoothed ones.
        """
        if self.epoch > 0:
            windows = (self.window, self.window**2, self.window)
            for name, table, weights in zip(_STATISTICS, self._tables(), windows, strict=True):
                rows = convolve1d(table.cpu().numpy(), weights, axis=0, mode="mirror")
                setattr(self, "smooth_" + name, torch.from_numpy(rows).to(table))
        share = self.momentum if self.epoch > 0 else 0.0
        counts = mean.new_zeros(len(self.mean), 1).index_add(0, bins, mean.new_ones(len(bins), 1))
        for name, table, new in zip(_STATISTICS, self._tables(), self._of(mean, variance, bins, counts), strict=True):
            running = torch.where(counts > 0, (1 - share) * new + share * table, table)
            for key in (name, "last_" + name) if self.epoch > 0 else (name,):
                setattr(self, key, running)
        self.epoch += 1

    def _of(self, mean: Tensor, variance: Tensor, bins: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        def average(rows: Tensor) -> Tensor:
            return torch.zeros_like(self.mean).index_add(0, bins, rows) / counts.clamp_min(1)

        center = average(mean)
        doubt = average(variance) / counts.clamp_min(1)
        return center, doubt, average((mean - center[bins]) ** 2) + average(variance) - doubt

    def _tables(self, kind: str = "") -> list[Tensor]:
        return [getattr(self, kind + name) for name in _STATISTICS]
