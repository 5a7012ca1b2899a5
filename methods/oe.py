"""Ordinal Entropy (OE): spread the features of far labels, tighten those of equal labels.

Zhang et al., Improving Deep Regression with Ordinal Entropy, ICLR 2023.
Follows needylove/OrdinalEntropy OrdinalEntropy.py of ages and of depth at 75fc9d50fa94, and for several targets
needylove/PH-Reg ordinal_entropy.py at 8b1d95ea6b5b.
Differs: where no label repeats the diversity stands alone (released: NaN), where all labels are equal the
tightness does (released: an exception); the rows drawn come from the method's own generator.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from bench.functional.devices import is_on_host, to_device_of
from bench.functional.distinct import distinct
from bench.functional.precision import widened
from bench.functional.shapes import as_rows_of, require_axes
from bench.method import Batch, Method, as_rows
from bench.ranges import AtLeastTwo, NonNegative

_NEAR = 1e-6  # the released floor of a distance
_APART = 4  # pixels of a map, along either side, to one that counts, as released


class OrdinalEntropy(Method):
    """Class centres by distinct label for one target, image by image where it is dense; a draw of rows for several.

    Args:
        weight: of the term.
        samples: rows drawn from a batch with several targets.
    """

    defaults: ClassVar = {
        "agedb": {"weight": 1.0},
        "imdb_wiki": {"weight": 1.0},
        "circle": {"weight": 0.1},
        "torus": {"weight": 0.1},
        "swiss_roll": {"weight": 0.1},
        "mammoth": {"weight": 0.1},
    }
    origins: ClassVar = {
        "": "code for ages",
        "samples": "code",
        "circle": "code",
        "torus": "code",
        "swiss_roll": "code",
        "mammoth": "code",
        "agedb": "code, README",
        "imdb_wiki": "ours: as AgeDB-DIR",
    }
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-3, 2))

    def __init__(self, weight: NonNegative = 1.0, samples: AtLeastTwo = 80) -> None:
        super().__init__()
        self.weight, self.samples = weight, samples

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted term; 0 for a batch of one."""
        z, y = batch.z, batch.y
        if z.dim() == 4:
            return self.weight * ordinal_entropy_of_maps(z, y, batch.mask)
        if len(z) < 2:
            self.skipped += 1
            return z[:0].sum()
        if y.shape[1] == 1:
            return self.weight * ordinal_entropy(z, y)
        # the last row is never drawn, as released
        drawn = to_device_of(torch.randperm(len(z) - 1, generator=self.task.generator)[: self.samples], z)
        return self.weight * ordinal_diversity(z[drawn], y[drawn])


def ordinal_entropy_of_maps(features: Tensor, targets: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean over images of the term over a fourth of the pixels along either side, the nearest ones as torch has them.

    (B, D, H, W), (B, T, H, W), and a mask of the targets' shape where some do not count -> ().

    >>> depth = torch.arange(64.0).reshape(1, 1, 8, 8)
    >>> ordinal_entropy_of_maps(torch.cat([depth, 64 - depth], 1), depth)
    tensor(-0.4136)
    """
    require_axes(features, "features", 4)
    require_axes(targets, "targets", 4)
    # not every fourth pixel: 28 of 114 rows lie a little further apart
    size = [max(side // _APART, 1) for side in features.shape[2:]]
    features, targets = interpolate(features, size), interpolate(targets, size)
    maps = features, targets, mask if mask is None else interpolate(mask.to(features), size) > 0
    images = zip(*([None] * len(features) if t is None else t.split(1) for t in maps), strict=True)
    return torch.stack([ordinal_entropy(*as_rows(*image)) for image in images]).mean()


def ordinal_entropy(features: Tensor, targets: Tensor, counts: Tensor | None = None) -> Tensor:
    """Mean distance to the centre of the own label, minus that between centres; (B, D), (B, T) -> ().

    Of rows where counts (B,) is True, if given.

    >>> ordinal_entropy(torch.eye(3), torch.tensor([20.0, 20.0, 60.0]))
    tensor(0.7654)
    """
    targets = as_rows_of(features, targets)
    if counts is not None and is_on_host(features):
        features, targets = features[counts], targets[counts]
    if len(features) < 2:
        return features[:0].sum()
    labels, own, count, present = distinct(targets.detach(), counts)
    z = widened(features)
    means = z.new_zeros(len(labels), z.shape[1]).index_add(0, own, z) / count[:, None].clamp(min=1)
    centers = _Unit.apply(means)
    distance = (_Unit.apply(z) - centers.index_select(0, own)).norm(dim=1)
    apart = (count[own] > 1) & (distance > 0)  # a sample that is its own centre does not count
    if present is not None:
        apart = apart & present[own]
    tightness = (distance * apart).sum() / apart.sum().clamp_min(1)
    return (tightness - _diversity(centers, labels, present)).to(features.dtype)


def ordinal_diversity(features: Tensor, targets: Tensor) -> Tensor:
    """Minus the mean distance between rows, weighted by label distance; (n, D), (n, T) -> ().

    >>> ordinal_diversity(torch.eye(3), torch.tensor([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0]]))
    tensor(-0.7649)
    """
    targets = as_rows_of(features, targets)
    z = widened(features)
    return -_diversity(_Unit.apply(z), targets.detach()).to(features.dtype)


def _diversity(u: Tensor, y: Tensor, present: Tensor | None = None) -> Tensor:
    """Mean over pairs of present unit rows u (K, D) of their distance, weighted by that of their labels y (K, T)."""
    out = torch.eye(len(u), dtype=torch.bool, device=u.device)
    if present is not None:
        out |= ~(present & present[:, None])
    y = y.to(torch.promote_types(y.dtype, torch.float32))
    weight = torch.cdist(y, y, compute_mode="donot_use_mm_for_euclid_dist").clamp_min(_NEAR)
    low, high = weight.masked_fill_(out, torch.inf).min(), weight.masked_fill_(out, 0).max()
    weight = ((weight - low) / high).masked_fill_(out, 0)
    product = _Product.apply(u)
    norm = product.diagonal()
    distance = (norm[:, None] + norm - 2 * product).clamp_min(_NEAR**2).sqrt()
    return (weight * distance).sum() / (~out).sum().clamp(min=1)


# torch's own gradients of these two make many more copies of (B, D) and one more product


class _Unit(torch.autograd.Function):
    """Rows over their norm, as F.normalize; (B, D) -> (B, D)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        norm = z.norm(dim=1, keepdim=True).clamp_min(1e-12)
        u = z / norm
        ctx.save_for_backward(u, norm)
        return u

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        u, norm = ctx.saved_tensors
        along = torch.linalg.vecdot(grad, u)[:, None] * (norm > 1e-12)  # a clamped norm has no gradient
        return torch.addcmul(grad, along, u, value=-1).div_(norm)


class _Product(torch.autograd.Function):
    """All dot products of rows; (K, D) -> (K, K)."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        ctx.save_for_backward(u)
        return u @ u.T

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (u,) = ctx.saved_tensors
        return (grad + grad.T) @ u
