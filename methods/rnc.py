"""Rank-N-Contrast (RnC): first learn features ordered by label, then fit a linear head on them.

Zha et al., Rank-N-Contrast: Learning Continuous Representations for Regression, NeurIPS 2023.
Follows kaiwenzha/Rank-N-Contrast loss.py, main_rnc.py and main_linear.py at eca433b44650.
Differs: the network is the dataset's; except for ages so are augmentation and protocol of both stages.
"""

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from bench.functional.precision import widened
from bench.functional.shapes import as_rows_of
from bench.method import Batch, Method, Stage
from bench.protocol import Protocol
from bench.ranges import Positive

_SGD: dict[str, Any] = {"optimizer": "sgd", "momentum": 0.9, "milestones": (), "patience": None, "clip": None}
_REPRESENTATION = {"lr": 0.5, "cosine_floor": 0.1**3, "weight_decay": 1e-4, "batch_size": 256, "epochs": 400}
_REGRESSOR = {"lr": 0.05, "cosine_floor": 0.2**3, "weight_decay": 0.0, "batch_size": 64, "epochs": 100}


class RankNContrast(Method):
    """Two stages: the encoder on two augmented views without a head, then the head on the encoder held still.

    Args:
        temperature: of the feature distances.
        recipe: optimiser, schedule, batch and augmentation of both stages: "paper" (ages) or the "dataset"'s.
    """

    views = 2
    defaults: ClassVar = {
        "agedb": {"recipe": "paper"},
        "imdb_wiki": {"recipe": "paper"},
    }
    origins: ClassVar = {
        "": "paper and code",
        "recipe": "ours: the dataset's protocol",
        "agedb": "paper and code",
        "imdb_wiki": "ours: as AgeDB-DIR",
    }

    def __init__(self, temperature: Positive = 2.0, recipe: Literal["paper", "dataset"] = "dataset") -> None:
        super().__init__()
        self.temperature, self.recipe = temperature, recipe

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """The representation keeps its last epoch: without a head there is nothing to validate."""
        del protocol
        own = self.recipe == "paper"
        first, second = ({**_SGD, **_REPRESENTATION, "drop_last": True}, {**_SGD, **_REGRESSOR}) if own else ({}, {})
        return (
            Stage("representation", first, weighted=False, pretext=True, strong=own, select=False),
            Stage("regressor", second, encoder="eval", new_head=True, regularized=False, strong=own),
        )

    def regularizer(self, batch: Batch) -> Tensor:
        """The contrast of the views: all that the first stage minimises."""
        if batch.views is None or len(batch.y) < 2:
            self.skipped += 1
            return batch.z[:0].sum()
        return rank_n_contrast(
            batch.views.z.unflatten(0, (-1, len(batch.y))).transpose(0, 1), batch.y, self.temperature
        )


def rank_n_contrast(features: Tensor, targets: Tensor, temperature: float = 2.0) -> Tensor:
    """Each pair against the pairs at least as far apart in label; (B, V, D), (B, T) -> ().

    Mean over i, j != i of log Σ_{k != i, Δ_ik >= Δ_ij} exp(s_ik) - s_ij, s = -distance / temperature, Δ the
    L1 label distance. Views of a sample share its label, so one sort a sample serves them all; the sums are
    suffixes of the sorted row, read where a group of equal Δ begins.

    >>> views = torch.tensor([[[0.0], [0.1]], [[1.0], [1.1]], [[5.0], [5.1]]])
    >>> rank_n_contrast(views, torch.tensor([20.0, 30.0, 60.0]))
    tensor(0.8093)
    """
    targets = as_rows_of(features, targets, views=True)
    samples, views = features.shape[:2]
    rows = samples * views
    if rows < 2:
        return features[:0].sum()
    itself = torch.eye(rows, dtype=torch.bool, device=features.device)
    z = widened(features).transpose(0, 1).flatten(0, 1)
    y = targets.detach().to(z.dtype)
    s = distances(z) / -temperature
    # a finite stand-in for -inf, whose gradient would be NaN where a single view leaves a sum empty
    by_sample = s.masked_fill(itself, torch.finfo(s.dtype).min).view(views, samples, views, samples).logsumexp(2)

    gap, order = torch.cdist(y, y, p=1).sort(dim=1)
    suffix = by_sample.gather(2, order.expand(views, -1, -1)).flip(2).logcumsumexp(2).flip(2)
    sums = suffix.gather(2, torch.searchsorted(gap, gap).expand(views, -1, -1))  # (V, B, B), sorted by Δ
    others = views - (order == torch.arange(samples, device=order.device).unsqueeze(1)).to(s.dtype)
    loss = ((sums * others).sum() - s.sum()) / (rows * (rows - 1))
    return loss.to(features.dtype)


def distances(rows: Tensor) -> Tensor:
    """Euclidean distances (n, D) -> (n, n), exact near 0 unlike a matrix product's; gradient 0 at 0."""
    return _Distances.apply(rows)  # type: ignore[return-value]


class _Distances(torch.autograd.Function):
    """Forward by differences, as accurate as the dtype; backward by one matrix product."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        upper = torch.ones(len(rows), len(rows), dtype=torch.bool, device=rows.device).triu(1)
        square = rows.new_zeros(upper.shape).masked_scatter(upper, torch.pdist(rows.contiguous()))
        square = square + square.T
        ctx.save_for_backward(rows, square)
        return square

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        rows, square = ctx.saved_tensors
        rows = rows - rows.mean(0)  # smaller numbers, the same differences
        ratio = torch.where(square > 0, (grad + grad.T) / square, 0.0)
        return ratio.sum(1, keepdim=True) * rows - ratio @ rows
