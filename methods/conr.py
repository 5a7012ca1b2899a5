"""Contrastive regularizer (ConR): push apart samples that are predicted alike but labelled apart.

Keramati et al., ConR: Contrastive Regularizer for Deep Imbalanced Regression, ICLR 2024.
Follows BorealisAI/ConR agedb-dir/loss.py and nyud2-dir/ConR.py at ad6a8c90426d.
Published runs: batch 64 and 120 epochs on AgeDB (`agedb[protocol=batch64]`, `--set protocol.epochs=120`), 20 epochs on
NYUD2.
Differs: a row without positives counts 0 (there 0/0); the temperature is a parameter for ages too.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from bench.functional.precision import widened
from bench.functional.shapes import as_columns, as_rows_of
from bench.method import Batch, Method, Task
from bench.ranges import NonNegative, Positive


class ConR(Method):
    """Contrast augmented views of the samples, or whole images of dense targets.

    Args:
        weight: of the term; no paper states one beyond ages and depth, and depth's suits a squared error.
        window: labels (or predictions) at most so far apart count as alike, in label units; None means one
            label bin, or a tenth of the labels' deviation where there are no bins.
        temperature: of the cosine similarities.
        push: how a negative's weight grows with its label distance, per label unit.
        form: "views" of the batch, or "images" for dense targets, which are compared by their pixel means.
    """

    views = 2
    defaults: ClassVar = {
        "agedb": {"weight": 4.0},
        "imdb_wiki": {"weight": 4.0},
        "nyud2": {"weight": 0.2, "window": 0.2, "temperature": 0.2, "push": 0.2, "form": "images"},
    }
    origins: ClassVar = {
        "": "code",
        "window": "ours: one label bin, or a tenth of the deviation",
        "weight": "code for depth",
        "push": "code for ages",
        "form": "code for ages",
        "agedb": "code",
        "imdb_wiki": "code",
        "nyud2": "code",
    }
    candidates: ClassVar = tuple({"weight": 10.0**power} for power in range(-3, 2))

    def __init__(
        self,
        weight: NonNegative = 0.2,
        window: NonNegative | None = None,
        temperature: Positive = 0.07,
        push: NonNegative = 0.01,
        form: Literal["views", "images"] = "views",
    ) -> None:
        super().__init__()
        self.weight, self.given, self.temperature, self.push = weight, window, temperature, push
        self.form, self.views = form, 2 if form == "views" else 0

    def prepare(self, task: Task) -> None:
        """Settle the window."""
        super().prepare(task)
        usual = task.bins.width if task.bins else 0.1 * float(task.labels.std(correction=0))
        self.window = usual if self.given is None else self.given

    def regularizer(self, batch: Batch) -> Tensor:
        """The weighted term; 0 for one sample, which has nothing to be pushed from."""
        self.skipped += len(batch.y) < 2
        term, z, y, y_hat, w = conr, batch.z, batch.y, batch.y_hat, batch.w
        if self.form == "images":
            term, z = conr_images, z.flatten(1)
            y, y_hat = y.flatten(2).mean(2), y_hat.flatten(2).mean(2)
            w = w if w is None else w.flatten(1).mean(1, keepdim=True)
        elif batch.views is not None:  # none where only the method's own functions are tried
            z, y_hat = batch.views.z, batch.views.y_hat
            copies = len(z) // len(y)
            y, w = y.repeat(copies, 1), w if w is None else w.repeat(copies, 1)
        # distances in label units do not need the shift
        y, y_hat = y * self.task.scale, y_hat * self.task.scale
        return self.weight * term(z, y, y_hat, w, self.window, self.temperature, self.push)


def conr(
    features: Tensor,
    targets: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    window: float = 1.0,
    temperature: float = 0.07,
    push: float = 0.01,
) -> Tensor:
    """Mean over rows of w·log(denominator / positive); (2B, D), (2B, T), (2B, T), (2B, 1) -> ().

    A negative counts w·exp(push·label distance) times; several targets are compared by their L1 distance.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> conr(features, torch.tensor([20.0, 20.0, 60.0, 60.0]), torch.tensor([20.0, 20.5, 20.5, 60.0]), temperature=1.0)
    tensor(0.7908)
    """
    predictions, targets, weights = _rows(features, predictions, targets, weights)
    gap = _gap(targets)
    w = gap.new_ones(len(gap), 1) if weights is None else weights.to(gap)
    loss, positives = _contrast(features, gap, predictions, push * gap + w.log(), window, temperature)
    return (w.squeeze(1) * loss / positives.clamp_min(1)).mean().to(features.dtype)


def conr_images(
    features: Tensor,
    targets: Tensor,
    predictions: Tensor,
    weights: Tensor | None = None,
    window: float = 0.2,
    temperature: float = 0.2,
    push: float = 0.2,
) -> Tensor:
    """The form for dense targets: one row an image, a negative counts w·push·(label distance) times.

    (B, D), (B, T), (B, T), (B, 1) -> ().

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> conr_images(features, torch.tensor([2.0, 2.1, 6.0]), torch.tensor([2.0, 2.1, 2.1]), temperature=1.0)
    tensor(0.2387)
    """
    predictions, targets, weights = _rows(features, predictions, targets, weights)
    gap = _gap(targets)
    w = gap.new_ones(len(gap), 1) if weights is None else weights.to(gap)
    loss, positives = _contrast(features, gap, predictions, (w * push * gap).log(), window, temperature)
    return (loss / (positives + 1)).mean().to(features.dtype)


def _rows(
    features: Tensor, predictions: Tensor, targets: Tensor, weights: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    predictions, targets, _ = as_columns(predictions, as_rows_of(features, targets))
    return predictions, targets, weights if weights is None else as_rows_of(features, weights, "weights")


def _contrast(
    features: Tensor, gap: Tensor, predictions: Tensor, log_push: Tensor, window: float, temperature: float
) -> tuple[Tensor, Tensor]:
    """Per row: Σ over positives of log(denominator / positive), 0 without negatives; count of positives."""
    near = gap <= window
    negative = ~near & (_gap(predictions) <= window)
    positive = near.fill_diagonal_(False)
    positives = positive.sum(1)
    offset = torch.where(negative, log_push, -torch.inf).masked_fill_(positive, 0.0)
    similarity = _cosines(features) / temperature
    # the official mask turns all that is no positive into e^0 = 1
    ones = (len(gap) - positives).to(gap).log().unsqueeze(1)
    denominator = torch.cat([similarity + offset, ones], dim=1).logsumexp(1)
    loss = positives * denominator - (similarity * positive).sum(1)
    return torch.where(negative.any(1), loss, 0.0), positives


def _gap(values: Tensor) -> Tensor:
    values = values.detach().to(torch.promote_types(values.dtype, torch.float32))
    return torch.cdist(values, values, p=1)


def _cosines(rows: Tensor) -> Tensor:
    # norms from the products cost n x n, not n x D; through one factor the gradient is one product, not two
    rows = widened(rows)
    half = rows @ rows.detach().T
    products = half + half.T - half.detach()
    scale = products.diagonal().clamp_min(1e-24).rsqrt()
    return products * scale * scale.unsqueeze(1)
