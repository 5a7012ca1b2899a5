"""The contrast of augmented views: what the supervised and the self-supervised form share."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from bench.functional.precision import widened
from bench.functional.shapes import require_axes


def view_contrast(features: Tensor, alike: Tensor, temperature: float) -> Tensor:
    """Each view against all other views, those of samples that are alike being its positives; (B, V, D), (B, B) -> ().

    Mean over views i of the mean over positives p of log Σ_{k != i} exp(s_ik) - s_ip, s = cosine / temperature.

    Args:
        alike: bool and symmetric, its diagonal True.
    """
    require_axes(features, "features", 3)
    samples, views = features.shape[:2]
    rows = samples * views
    if rows < 2:
        return features[:0].sum()
    z = normalize(widened(features).transpose(0, 1).flatten(0, 1), dim=1)
    s = z @ z.T / temperature
    itself = torch.eye(rows, dtype=torch.bool, device=s.device)
    positive = alike.repeat(views, views) & ~itself
    others = s.masked_fill(itself, torch.finfo(s.dtype).min).logsumexp(1)
    positives = positive.sum(1)
    # a single view of a sample that is like no other has no positive, and counts 0
    loss = (positives * others - (s * positive).sum(1)) / positives.clamp_min(1)
    return loss.mean().to(features.dtype)
