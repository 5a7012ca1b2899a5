"""UVOTE: experts that weigh rare labels more and more, of which the surest one predicts.

Jiang et al., Uncertainty Voting Ensemble for Imbalanced Deep Regression, GCPR 2024, arXiv:2305.15178.
Follows SherryJYC/UVOTE agedb-dir/train_gradual.py, loss.py and datasets_gradual.py at 6fa31765dd70.
Differs: the epoch is chosen by the experts' vote (there by the first expert); counts of label bins weigh scores too
(there a kernel density); logarithms of scales are clamped to ±5 everywhere, and learn at the rate of the rest.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bench.dataset import Dataset
from bench.errors import ShapeError
from bench.functional.shapes import as_column, require_same
from bench.method import Batch, Method
from bench.ranges import Count, Index, TwoOrMore

_LARGEST = 5.0  # logarithm of a scale


class UVOTE(Method):
    """M heads give a mean and the scale of a Laplace distribution each; each sample takes the mean of least scale.

    Args:
        experts: M; expert m of 0 to M - 1 weighs a sample by its bin's count to the power of -m / (M - 1).
        dynamic: the share of all experts but the first grows from 0 to 1 as the square of the epochs passed.
        low, high: counts are clipped to these for the last expert; None for no upper bound.
    """

    weight_of_bin: Tensor  # (M, K)

    defaults: ClassVar = {
        "agedb": {"experts": 2, "low": 5, "high": 1000},
        "imdb_wiki": {"low": 5, "high": 1000},
    }
    origins: ClassVar = {
        "": "code",
        "low": "code for STS-B: no clipping",
        "high": "code for STS-B: no clipping",
        "agedb": "code",
        "imdb_wiki": "code",
    }
    candidates: ClassVar = tuple({"experts": number} for number in (2, 3, 4, 5, 6))
    ordered: ClassVar = (("low", "high"),)

    def __init__(self, experts: TwoOrMore = 3, dynamic: bool = True, low: Index = 0, high: Count | None = None) -> None:
        super().__init__()
        self.experts, self.dynamic, self.clip = experts, dynamic, (low, high)

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Experts differ by the counts of label bins."""
        return None if dataset.bins else "its experts weigh samples by label bin, and this dataset has no label bins"

    def weights(self, labels: Tensor) -> Tensor | None:
        """None: each expert has its own by bin, which are set here; their mean over the training samples is 1."""
        del labels
        task = self.task
        assert task.bins is not None
        self.number = task.bins.weighed or task.bins.number
        counted = task.bins.index(task.labels).clamp_max(self.number - 1).flatten().bincount(minlength=self.number)
        counts = counted.double().numpy() if task.bins.counts is None else np.array(task.bins.counts, float)
        counts[: task.bins.first] = counts[task.bins.first]
        found = expert_weights(counts, self.experts, self.clip, task.density or self.density)
        self.register_buffer("weight_of_bin", found)

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """M·T means, then M·T logarithms of scales."""
        return make(2 * self.experts * targets)

    def predict(self, outputs: Tensor) -> Tensor:
        """(B, 2·M·T, ...) -> (B, T, ...), the mean of the surest expert of each."""
        means, scales = self._experts(outputs)
        return means.gather(1, scales.argmin(1, keepdim=True)).squeeze(1)

    def columns(self, outputs: Tensor) -> Mapping[str, Tensor]:
        """The deviation of the surest expert's distribution."""
        least = self._experts(outputs)[1].amin(1)
        return {"deviation": 2**0.5 * least.clamp(-_LARGEST, _LARGEST).exp()}

    def loss(self, batch: Batch) -> Tensor:
        """The sum over experts, each with its share."""
        means, scales = self._experts(batch.outputs)
        weights = self.weight_of_bin[:, self.task.bin_of(batch.y).clamp_max(self.number - 1)].transpose(0, 1)
        if batch.w is not None:  # a mask, or weights of the samples themselves
            weights = weights * batch.w.unsqueeze(1)
        grown = min(1.0, (batch.epoch - 1) / self.task.protocol.epochs) ** 2 if self.dynamic else 1.0
        return uvote(means, scales, batch.y, weights, grown)

    def _experts(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        means, scales = outputs.unflatten(1, (2, self.experts, -1)).unbind(1)
        return means, scales


def uvote(
    means: Tensor, log_scales: Tensor, targets: Tensor, weights: Tensor | None = None, share: float = 1.0
) -> Tensor:
    """Sum over experts of the mean negative log-likelihood under their Laplace distributions, a scalar.

    Args:
        means, log_scales: of M experts, (B, M, T, ...); a scale below e^-5 or above e^5 counts as that.
        targets: (B, T, ...).
        weights: of each expert's samples, as means.
        share: of all experts but the first.

    >>> uvote(torch.tensor([[[1.0], [3.0]]]), torch.zeros(1, 2, 1), torch.tensor([[1.0]]), share=0.5)
    tensor(2.0397)
    """
    targets = as_column(targets)
    if means.dim() < 3 or means[:, 0].shape != targets.shape:
        raise ShapeError(f"means of shape {tuple(means.shape)} are not (B, M, T) for targets {tuple(targets.shape)}")
    require_same(log_scales, means, "log_scales", "means")
    scales = log_scales.clamp(-_LARGEST, _LARGEST).exp()
    nll = (2 * scales).log() + (targets.unsqueeze(1) - means).abs() / scales
    if weights is not None:
        require_same(weights, means, "weights", "means")
        nll = nll * weights
    first, *others = nll.unbind(1)
    return sum((share * expert.mean() for expert in others), first.mean())


def expert_weights(
    counts: np.ndarray,
    experts: int,
    clip: tuple[int, int | None] = (0, None),
    smooth: Callable[[np.ndarray], np.ndarray] = lambda density: density,
) -> Tensor:
    """Weight of a sample of each bin for each expert, of mean 1 over the samples, (K,) -> (M, K) float32.

    >>> expert_weights(np.array([4.0, 1.0, 0.0]), 2)
    tensor([[1.0000, 1.0000, 1.0000],
            [0.6250, 2.5000, 0.0000]])
    """
    found = np.zeros((experts, len(counts)))
    for row, power in zip(found, np.linspace(0, 1, experts), strict=True):
        density = smooth((counts**power).clip(*clip) if power == 1 else counts**power)
        np.divide(1.0, density, out=row, where=density > 0)
        row *= counts.sum() / (counts @ row)
    return torch.from_numpy(found).float()
