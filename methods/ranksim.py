"""RankSim: neighbours ranked by label and by feature similarity should be ranked alike.

Gong et al., RankSim: Ranking Similarity Regularization for Deep Imbalanced Regression, ICML 2022.
Follows BorealisAI/ranksim-imbalanced-regression */ranksim.py, ranking.py at 9e1c862906e9.
Differs: ties are ranked as in sts-b-dir, the later index first, as the sort of the age code is not stable;
two batched sorts replace the loop over rows; the rows drawn come from the method's own generator; of more than
1024 rows, as of a dense batch's pixels, so many are drawn. Of the paper's other penalties and similarities (tables 4
and 5) no code was released: they are of ranks divided by M too, which of the paper's ranks changes the size of all but
the cosine, and makes Huber with δ = 1 half the squared error.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, huber_loss, normalize

from bench.functional.devices import is_on_host, to_device_of
from bench.functional.distinct import Distinct, distinct
from bench.functional.precision import widened
from bench.functional.shapes import as_rows_of
from bench.method import MOST_ROWS, Batch, Method
from bench.ranges import NonNegative, Positive

Penalty = Literal["mse", "mae", "huber", "linf", "cosine"]
Similarity = Literal["cosine", "correlation", "mse", "mae", "linf"]


class RankSim(Method):
    """Match the ranking of feature similarities to that of label similarities, one sample per label.

    Args:
        weight: of the term. It scales the ranks' perturbation too, as in the released code.
        interpolation: step λ of the perturbation that gives the ranks a gradient.
        penalty: of the difference between two rows of ranks (table 4).
        similarity: of two features; mse, mae and linf are distances and count negative (table 5).
        sampling: rank one random row of each label, or all rows of the batch (table 6).
    """

    defaults: ClassVar = {
        "agedb": {"weight": 100.0, "interpolation": 2.0},
        "imdb_wiki": {"weight": 100.0, "interpolation": 2.0},
        "stsb": {"weight": 3e-4, "interpolation": 2.0},
    }
    origins: ClassVar = {"": "paper, appendix B"}
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-3, 2))

    def __init__(
        self,
        weight: NonNegative = 100.0,
        interpolation: Positive = 2.0,
        penalty: Penalty = "mse",
        similarity: Similarity = "cosine",
        sampling: bool = True,
    ) -> None:
        super().__init__()
        self.weight, self.sampling = weight, sampling
        self.how: tuple[Penalty, Similarity] = penalty, similarity
        self.interpolation = interpolation

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted term over one random row per distinct label, or all; 0 where there is one label only."""
        z, y = batch.sample(MOST_ROWS, self.task.generator)
        if not self.sampling:
            return self.weight * ranksim(z, y, self.interpolation, None, *self.how)
        rows, found = one_per_label(y, self.task.generator)
        self.skipped += found.number < 2
        return self.weight * ranksim(z[rows], y[rows], self.interpolation, found.present, *self.how)


def one_per_label(targets: Tensor, generator: torch.Generator) -> tuple[Tensor, Distinct]:
    """A random row of each distinct target, in their order, which decides how ties are ranked; (B, T) -> (M,)."""
    rows, found = to_device_of(torch.randperm(len(targets), generator=generator), targets), distinct(targets)
    grouped = rows[found.own[rows].argsort(stable=True)]  # label by label, in random order within each
    return grouped[(found.count.cumsum(0) - found.count).clamp(max=len(targets) - 1)], found


def rank(scores: Tensor) -> Tensor:
    """Ranks along the last axis, 1 = largest, the later index better among equals; (..., M) -> (..., M).

    >>> rank(torch.tensor([0.1, 0.7, 0.7]))
    tensor([3., 2., 1.])
    """
    order = _ascending(scores.detach())
    ranks = torch.arange(scores.shape[-1], 0, -1, dtype=scores.dtype, device=scores.device)
    return torch.empty_like(scores).scatter_(-1, order, ranks.expand_as(order))


def ranksim(
    features: Tensor,
    targets: Tensor,
    interpolation: float = 2.0,
    present: Tensor | None = None,
    penalty: Penalty = "mse",
    similarity: Similarity = "cosine",
) -> Tensor:
    """Σᵢ meanⱼ (rank(Sᵢ)ⱼ − rank(Yᵢ)ⱼ)² / M², S cosines and Y negative label distances; (M, D), (M, T) -> ().

    The ranks' gradient is the difference quotient of Rolínek et al., CVPR 2020, arXiv:1912.03500: they are
    perturbed by the gradient that comes in, so a weight on the term changes the gradient's direction too.
    `present` (M,) leaves out the rows where it is False. Other penalties of two rows of ranks and other similarities of
    features are those of tables 4 and 5.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> ranksim(features, torch.tensor([1.0, 9.0, 2.0]))
    tensor(0.1481)
    """
    targets = as_rows_of(features, targets)
    z = widened(features)
    y = targets.detach().to(torch.promote_types(targets.dtype, torch.float32))
    # exact, not by a product of matrices: labels equally far on both sides must tie
    exact = "donot_use_mm_for_euclid_dist"
    distance = (y - y.T).abs() if y.shape[1] == 1 else torch.cdist(y, y, compute_mode=exact)
    if (penalty, similarity) == ("mse", "cosine"):
        return _RankSim.apply(z, distance, interpolation, present).to(features.dtype)
    number = len(z) if present is None else present.sum()
    ranks = _Ranks.apply(SIMILARITIES[similarity](z), interpolation, present, number)
    label_ranks = rank(_last(-distance, present)).to(z.dtype) / number
    if present is not None:
        ranks, label_ranks = ranks * present, label_ranks * present
    per_row = PENALTIES[penalty](ranks, label_ranks, number)
    return (per_row if present is None else per_row * present).sum().to(features.dtype)


def _cosines(z: Tensor) -> Tensor:
    unit = normalize(z)
    return unit @ unit.T


SIMILARITIES: Mapping[Similarity, Callable[[Tensor], Tensor]] = {
    "cosine": _cosines,
    "correlation": lambda z: _cosines(z - z.mean(1, keepdim=True)),
    "mse": lambda z: -(z[:, None] - z).square().mean(2),
    "mae": lambda z: -torch.cdist(z, z, p=1) / z.shape[1],
    "linf": lambda z: -torch.cdist(z, z, p=torch.inf),
}
PENALTIES: Mapping[Penalty, Callable[[Tensor, Tensor, Tensor | int], Tensor]] = {
    "mse": lambda a, b, number: (a - b).square().sum(1) / number,
    "mae": lambda a, b, number: (a - b).abs().sum(1) / number,
    "huber": lambda a, b, number: huber_loss(a, b, reduction="none").sum(1) / number,
    "linf": lambda a, b, _: (a - b).abs().amax(1),
    "cosine": lambda a, b, _: 1 - cosine_similarity(a, b, dim=1),
}


class _Ranks(torch.autograd.Function):
    """Ranks of each row divided by M, with the gradient of `ranksim`."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, interpolation: float, present: Tensor | None, number: Tensor | int) -> Tensor:
        ranks = rank(_last(scores, present)) / number
        ctx.save_for_backward(scores, ranks)
        ctx.interpolation, ctx.present, ctx.number = interpolation, present, number
        return ranks

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        scores, ranks = ctx.saved_tensors
        perturbed = rank(_last(scores + ctx.interpolation * grad, ctx.present)) / ctx.number
        return (perturbed - ranks) / (ctx.interpolation + 1e-8), None, None, None


class _RankSim(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, distance: Tensor, interpolation: float, present: Tensor | None) -> Tensor:
        norm = z.norm(dim=1, keepdim=True).clamp_min(1e-12)
        similarity = z @ z.T / norm / norm.T
        number = len(z) if present is None else present.sum()
        ranks, label_ranks = rank(_last(torch.stack((similarity, -distance)), present)).to(z.dtype) / number
        difference = ranks - label_ranks
        if present is not None:
            difference = difference * present * present[:, None]
        ctx.save_for_backward(z, norm, similarity, ranks, difference)
        ctx.interpolation, ctx.present, ctx.number = interpolation, present, number
        return (difference.square().sum(1) / number).sum()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        z, norm, similarity, ranks, difference = ctx.saved_tensors
        perturbed = similarity + ctx.interpolation * grad * 2 / ctx.number * difference
        d_similarity = (rank(_last(perturbed, ctx.present)) / ctx.number - ranks) / (ctx.interpolation + 1e-8)
        # through the product and the norms at once: one M x M matrix applied to z
        pull = d_similarity + d_similarity.T
        along = (pull * similarity).sum(1) * (norm[:, 0] > 1e-12)  # a clamped norm has no gradient
        return (pull / norm.T - torch.diag(along / norm[:, 0])) / norm @ z, None, None, None


def _last(scores: Tensor, present: Tensor | None) -> Tensor:
    # columns that are left out rank behind all others
    return scores if present is None else scores.masked_fill(~present, -torch.inf)


def _ascending(scores: Tensor) -> Tensor:
    # stable argsort; on a CPU numpy sorts (float32, index) packed in 64 bits ten times as fast as torch
    if scores.dtype != torch.float32 or not is_on_host(scores):
        return scores.argsort(dim=-1, stable=True)
    bits = (scores + 0.0).view(torch.int32)  # the sum makes -0.0 equal to 0.0
    keys = (bits ^ (bits >> 31 & 0x7FFFFFFF)).long() << 32 | torch.arange(scores.shape[-1])
    keys.numpy().sort(axis=-1)
    return keys & 0xFFFFFFFF
