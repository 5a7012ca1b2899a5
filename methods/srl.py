"""Surrogate-driven representation learning (SRL): bin centres that trace an even, tight path over the sphere.

Wu et al., Improve Representation for Imbalanced Regression through Geometric Constraints, CVPR 2025,
arXiv:2503.00876.
Follows yilei-wu/imbalanced-regression agedb-dir/dfr.py at 375b52a88744.
Differs: α is -1 everywhere, as in the paper (+1 in imdb-wiki-dir and sts-b-dir); every bin has its own
centre (in sts-b-dir six have); the surrogate is the running mean of the normalised projections.
The released surrogate is zero for the first two epochs (`lag=2`, the default for ages and STS-B) and the newest centres
from then on; the paper trains the first epoch by the task loss alone (`warm_up=1`), which no released trainer does.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from bench.dataset import Dataset
from bench.functional.precision import widened
from bench.functional.shapes import as_vector_of, require_axes
from bench.method import Batch, Method, Task
from bench.ranges import Finite, Fraction, Index, NonNegative, OneOrTwo, Positive, Several


class SRL(Method):
    """Three terms on a projection of the features: contrast with the centres, enveloping, homogeneity.

    Args:
        contrast, enveloping, homogeneity: weights of the terms; where none are published, those of STS-B, as
            its squared error of scaled targets is of the same size.
        temperature: of the contrast.
        weighted: whether distant bins count more in the contrast.
        alpha: sign and scale of the path's length in the homogeneity.
        points: random directions that the trace should come close to.
        width: of the projection.
        layers: of the projector, 1 or 2.
        momentum: share of the old surrogate.
        surrogate: complete the trace with it; else it runs over the bins of a batch alone.
        lag: epochs until the newest centres complete a trace; before, the surrogate is zero.
        warm_up: epochs of the task loss alone.
    """

    points: Tensor
    surrogate: Tensor
    newest: Tensor

    defaults: ClassVar = {
        "agedb": {"contrast": 10.0, "enveloping": 100.0, "homogeneity": 0.01, "temperature": 0.3, "lag": 2},
        "imdb_wiki": {"contrast": 10.0, "enveloping": 100.0, "homogeneity": 0.01, "temperature": 0.3, "lag": 2},
        "stsb": {"points": 1000, "layers": 2, "lag": 2},
        "airfoil[protocol=srl]": {
            "contrast": 0.01,
            "enveloping": 0.4,
            "homogeneity": 0.5,
            "temperature": 2.0,
            "points": 1000,
            "momentum": 0.99,
        },
    }
    origins: ClassVar = {
        "": "code for STS-B",
        "points": "code for ages",
        "layers": "code for ages",
        "alpha": "paper (its sign) and code for AgeDB-DIR",
        "weighted": "code",
        "width": "code",
        "momentum": "code",
        "surrogate": "paper",
        "lag": "ours",
        "warm_up": "code (paper: 1)",
        "agedb": "code",
        "imdb_wiki": "code",
        "stsb": "code",
        "airfoil[protocol=srl]": "deleted code",
        "airfoil[protocol=srl].homogeneity": "deleted code, for distances where ours are cosines",
    }
    candidates: ClassVar = (
        *({"contrast": 1e-4 * k, "enveloping": 1e-2 * k, "homogeneity": 1e-4 * k} for k in (1, 10, 100)),
        *({"contrast": 10.0 * k, "enveloping": 100.0 * k, "homogeneity": 0.01 * k} for k in (0.1, 1)),
    )

    def __init__(
        self,
        contrast: NonNegative = 1e-4,
        enveloping: NonNegative = 1e-2,
        homogeneity: NonNegative = 1e-4,
        temperature: Positive = 0.1,
        weighted: bool = False,
        alpha: Finite = -1.0,
        points: Several = 2000,
        width: Several = 128,
        layers: OneOrTwo = 1,
        momentum: Fraction = 0.9,
        surrogate: bool = True,
        lag: OneOrTwo = 1,
        warm_up: Index = 0,
    ) -> None:
        super().__init__()
        self.scales = contrast, enveloping, homogeneity
        self.temperature, self.weighted, self.alpha, self.momentum = temperature, weighted, alpha, momentum
        self.number, self.width, self.layers = points, width, layers
        self.complete, self.lag, self.warm_up = surrogate, lag, warm_up
        self.epochs = 0  # that are over

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """The trace runs over label bins."""
        return None if dataset.bins else "its trace runs over label bins, and this dataset has none"

    def prepare(self, task: Task) -> None:
        """Draw the projector and the directions; the surrogate starts at zero."""
        super().prepare(task)
        assert task.bins is not None
        self.projector: nn.Module = nn.Linear(task.width, self.width)
        if self.layers == 2:
            self.projector = nn.Sequential(self.projector, nn.ReLU(), nn.Linear(self.width, self.width))
        self.register_buffer("points", torch.randn(self.number, self.width, generator=task.generator))
        self.register_buffer("surrogate", torch.zeros(task.bins.number, self.width))
        self.register_buffer("newest", torch.zeros(task.bins.number, self.width))

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted sum of the terms; 0 in the epochs of warm-up."""
        if self.epochs < self.warm_up:
            return batch.z.new_zeros(())
        z, y, counts = batch.rows
        f, bins = self.projector(z), self.task.bin_of(y)[:, 0]
        if counts is not None:
            bins = torch.where(counts, bins, len(self.surrogate))
        trace = latent_trace(f, bins, self.surrogate)
        if not self.complete:
            trace, bins = _without_absent(trace, bins)
        terms = (
            contrast(f, bins, trace.detach(), self.temperature, self.weighted),
            enveloping(trace, self.points),
            homogeneity(trace, self.alpha),
        )
        return sum((scale * term for scale, term in zip(self.scales, terms, strict=True)), f.new_zeros(()))

    @torch.no_grad()
    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Move the surrogate towards the centres of the whole training split."""
        del epoch
        f = normalize(self.projector(z.movedim(1, -1).flatten(0, -2)))
        means, present = _centres(f, self.task.bin_of(y.movedim(1, -1).flatten(0, -2))[:, 0], len(self.surrogate))
        share = self.momentum if self.epochs else 0.0
        self.newest = torch.where(present, share * self.newest + (1 - share) * means, self.newest)
        self.epochs += 1
        if self.epochs >= self.lag:
            self.surrogate = self.newest


def latent_trace(features: Tensor, bins: Tensor, surrogate: Tensor) -> Tensor:
    """Unit centres of the bins, else the surrogate's rows, constant; (n, D), (n,), (K, D) -> (K, D).

    >>> latent_trace(torch.tensor([[3.0, 4.0]]), torch.tensor([1]), torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    tensor([[1.0000, 0.0000],
            [0.6000, 0.8000]])
    """
    require_axes(features, "features")
    bins = as_vector_of(features, bins, "bins")
    means, present = _centres(normalize(features), bins, len(surrogate))
    return normalize(torch.where(present, means, surrogate.detach()))


def _without_absent(trace: Tensor, bins: Tensor) -> tuple[Tensor, Tensor]:
    # (K, D), (n,) -> the rows of bins that occur, and the bins' places among them
    there = torch.unique(bins[bins < len(trace)])
    places = torch.full((len(trace) + 1,), len(there), device=bins.device)
    places[there] = torch.arange(len(there), device=bins.device)
    return trace[there], places[bins]


def _centres(features: Tensor, bins: Tensor, number: int) -> tuple[Tensor, Tensor]:
    # one more, for rows that do not count
    counts = features.new_zeros(number + 1, 1).index_add(0, bins, features.new_ones(len(bins), 1))[:number]
    sums = features.new_zeros(number + 1, features.shape[1]).index_add(0, bins, features)[:number]
    return sums / counts.clamp_min(1), counts > 0


def enveloping(trace: Tensor, points: Tensor) -> Tensor:
    """1 - mean over points of the cosine with the nearest centre; (K, D), (n, D) -> ().

    >>> enveloping(torch.eye(2), torch.tensor([[1.0, 0.0], [0.6, 0.8]]))
    tensor(0.1000)
    """
    require_axes(trace, "the trace")
    require_axes(points, "points")
    cosines = normalize(widened(points)) @ normalize(widened(trace)).T
    return (1 - cosines.max(dim=1).values.mean()).to(trace.dtype)


def homogeneity(trace: Tensor, alpha: float = -1.0, beta: float = 0.1) -> Tensor:
    """α times the sum of the cosines of successive centres, plus β times their variance; (K, D) -> ().

    >>> homogeneity(torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))
    tensor(-1.3980)
    """
    require_axes(trace, "the trace")
    unit = normalize(widened(trace))
    cosines = (unit[1:] * unit[:-1]).sum(1)
    length = alpha * cosines.sum()
    return (length + beta * cosines.var() if len(cosines) > 1 else length).to(trace.dtype)


def contrast(features: Tensor, bins: Tensor, trace: Tensor, temperature: float = 0.1, weighted: bool = False) -> Tensor:
    """Cross-entropy of each feature's own bin over cosines with all centres; (n, D), (n,), (K, D) -> ().

    Rows of bin K do not count.

    >>> contrast(torch.eye(2), torch.tensor([0, 1]), torch.eye(2), temperature=1.0)
    tensor(0.3133)
    """
    require_axes(features, "features")
    bins = as_vector_of(features, bins, "bins")
    logits = normalize(widened(features)) @ normalize(widened(trace)).T / temperature
    counts, bins = bins < len(trace), bins.clamp(max=len(trace) - 1)
    own = logits.gather(1, bins.unsqueeze(1)).squeeze(1)
    if weighted:
        gap = (bins.unsqueeze(1) - torch.arange(len(trace), device=bins.device)).abs() + 1
        gap = gap.where(counts.unsqueeze(1), 1)
        logits = logits + (gap / gap.max()).to(logits).log()
    return (torch.where(counts, logits.logsumexp(1) - own, 0).sum() / counts.sum()).to(features.dtype)
