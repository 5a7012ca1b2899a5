"""SupReMix: contrast samples with mixtures of their features, as harder negatives and positives than there are.

Wu et al., Mixup Your Own Pairs, 2023, arXiv:2309.16633.
Follows Dingyijiang1/Mixup-Your-Own-Pairs agedb-dir/supremix_loss.py, train_supremix.py and utils.py at d6152e0eeb9a.
Differs: a mixture's weight is of its own label (there labels are sorted apart from their mixtures), and similarities of
pairs and of mixtures are of one scale (see `separate`). With several targets no mixture is a positive. Except for ages
optimiser, schedule and augmentation of both stages are the dataset's.
"""

from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.dataset import Dataset
from bench.functional.devices import is_on_host, to_device_of
from bench.functional.precision import widened
from bench.functional.shapes import as_rows_of
from bench.method import Batch, Method, Stage, Task
from bench.protocol import Protocol
from bench.ranges import NonNegative, Positive, Several

_ADAM: dict[str, Any] = {"optimizer": "adam", "cosine_floor": None, "weight_decay": 0.0, "patience": None, "clip": None}
_REPRESENTATION = {**_ADAM, "lr": 1e-3, "milestones": (80,), "epochs": 100, "drop_last": True}
_REGRESSOR = {**_ADAM, "lr": 0.1, "milestones": (60, 80), "epochs": 100, "batch_size": 16, "loss": "mse"}


class SupReMix(Method):
    """Two stages: the encoder under a projector on two views without a head, then the head on the encoder held still.

    Args:
        temperature: of the cosines.
        window: labels less than this away, on both sides, make a positive of a sample, in label units; None means
            a third of the labels' deviation, which is about what 5 years are of AgeDB.
        alpha, beta: of the Beta distribution of a sample's own share in a mixture with a negative.
        width: of the projection.
        group: samples that are contrasted with each other at most; the batch of the paper's recipe.
        separate: as released, take the largest similarity of pairs and of mixtures apart from each before comparing.
        recipe: optimiser, schedule and augmentation of both stages: "paper" (ages) or the "dataset"'s.
    """

    views = 2
    defaults: ClassVar = {
        "agedb": {"window": 5.0, "recipe": "paper"},
        "imdb_wiki": {"window": 5.0, "recipe": "paper", "temperature": 0.3, "group": 64},
        "stsb": {"window": 1.0, "temperature": 0.1},
    }
    origins: ClassVar = {
        "": "code for ages",
        "window": "ours: a third of the deviation",
        "recipe": "ours: the dataset's protocol",
        "separate": "ours: one scale",
        "agedb": "code",
        "imdb_wiki": "code; the regressor as for AgeDB",
        "stsb": "code",
    }
    candidates: ClassVar = tuple({"temperature": value} for value in (0.1, 0.2, 0.5, 1.0, 2.0))

    def __init__(
        self,
        temperature: Positive = 0.5,
        window: NonNegative | None = None,
        alpha: Positive = 2.0,
        beta: Positive = 8.0,
        width: Several = 128,
        group: Several = 128,
        separate: bool = False,
        recipe: Literal["paper", "dataset"] = "dataset",
    ) -> None:
        super().__init__()
        self.temperature, self.given, self.alpha, self.beta = temperature, window, alpha, beta
        self.width, self.group, self.separate, self.recipe = width, group, separate, recipe

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Samples are compared as a whole."""
        return "it compares whole samples, and this dataset's targets are dense" if dataset.dense_targets else None

    def prepare(self, task: Task) -> None:
        """Draw the projector, and settle the window."""
        super().prepare(task)
        self.window = float(task.labels.std(correction=0)) / 3 if self.given is None else self.given
        hidden, last = nn.Linear(task.width, task.width), nn.Linear(task.width, self.width)
        self.projector = nn.Sequential(hidden, nn.BatchNorm1d(task.width), nn.ReLU(), last, nn.BatchNorm1d(self.width))

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """The representation keeps its last epoch: without a head there is nothing to validate."""
        del protocol
        own = self.recipe == "paper"
        first, second = ({**_REPRESENTATION, "batch_size": self.group}, _REGRESSOR) if own else ({}, {})
        return (
            Stage("representation", first, weighted=False, pretext=True, strong=own, select=False),
            Stage("regressor", second, encoder="eval", new_head=True, regularized=False),
        )

    def regularizer(self, batch: Batch) -> Tensor:
        """The mean over groups of samples: all that the first stage minimises."""
        if batch.views is None or len(batch.y) < 2:
            self.skipped += 1
            return batch.z[:0].sum()
        f = nn.functional.normalize(self.projector(batch.views.z)).unflatten(0, (-1, len(batch.y))).transpose(0, 1)
        y = batch.y * self.task.scale  # distances in label units do not need the shift
        count = -(-len(y) // self.group)
        groups = zip(f.tensor_split(count), y.tensor_split(count), strict=True)
        return sum((self._contrast(*group) for group in groups), f.new_zeros(())) / count

    def _contrast(self, f: Tensor, y: Tensor) -> Tensor:
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=self.task.generator)))
        rows = f.shape[0] * f.shape[1]
        shares = to_device_of(torch.from_numpy(rng.beta(self.alpha, self.beta, (rows, rows))).float(), f)
        return supremix(f, y, shares, self.temperature, self.window, self.separate)


def supremix(
    features: Tensor,
    targets: Tensor,
    shares: Tensor,
    temperature: float = 0.5,
    window: float = 5.0,
    separate: bool = False,
) -> Tensor:
    """Mean over rows of log Σ w·exp(s / temperature) minus the mean s / temperature of the positives, a scalar.

    The sum is over the other rows, over mixtures of the row with each row of another label, and over mixtures of a row
    below with a row above it, in the shares at which their labels meet the row's: positives, as rows of its label are.
    w = 1 + label distance. Mixtures are constants. A row without positives counts 0.

    Args:
        features: of unit length, (B, V, D).
        targets: (B, T); with T > 1 distances are L1, and no mixture is a positive.
        shares: of each row in its mixture with each other row, (V·B, V·B), view by view.
        temperature: of the products.
        window: labels less than this below and above a row's make positives.
        separate: subtract from products of rows, and of mixtures, the largest of each row first.

    >>> views = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [0.8, 0.6]], [[0.6, 0.8], [0.6, 0.8]]])
    >>> supremix(views, torch.tensor([20.0, 22.0, 24.0]), torch.full((6, 6), 0.2))
    tensor(3.0622)
    """
    targets = as_rows_of(features, targets, views=True)
    f = widened(features).transpose(0, 1).flatten(0, 1)
    y = targets.detach().to(f.dtype).repeat(features.shape[1], 1)
    if len(f) < 2:
        return features[:0].sum()
    gap, least = torch.cdist(y, y, p=1), torch.finfo(f.dtype).min  # least: -inf, whose gradient would be NaN
    same = gap == 0
    other = ~torch.eye(len(f), dtype=torch.bool, device=f.device)
    pairs, fixed = f @ f.T / temperature, f @ f.detach().T / temperature

    shares = shares.to(f)
    inclusive = torch.where(same, least, shares * fixed.diagonal().unsqueeze(1) + (1 - shares) * fixed)
    exclusive, there = _exclusive(fixed, y, window, least)
    if separate:
        pairs = pairs - pairs.detach().amax(1, keepdim=True)
        largest = torch.maximum(inclusive.detach().amax(1), exclusive.detach().flatten(1).amax(1)).unsqueeze(1)
        inclusive, exclusive = inclusive - largest, exclusive - largest.unsqueeze(2)
    sums = (
        (pairs + (1 + gap).log()).masked_fill(~other, least).logsumexp(1),
        (inclusive + (1 + (1 - shares) * gap).log()).logsumexp(1),
        exclusive.flatten(1).logsumexp(1),
    )
    number = (same & other).sum(1) + there.sum((1, 2))
    near = (pairs * (same & other)).sum(1) + torch.where(there, exclusive, 0.0).sum((1, 2))
    loss = torch.where(number > 0, torch.stack(sums).logsumexp(0) - near / number.clamp_min(1), 0.0)
    return loss.mean().to(features.dtype)


def _exclusive(fixed: Tensor, y: Tensor, window: float, least: float) -> tuple[Tensor, Tensor]:
    """Of row i the product with the mixture of rows j below and k above it that has its label, and whether one is."""
    if y.shape[1] > 1:
        return fixed.new_full((len(y), 1, 1), least), torch.zeros(len(y), 1, 1, dtype=torch.bool, device=y.device)
    gap = y.T - y  # (n, n), label of a row minus that of i
    j, below = _rows_where((gap < 0) & (gap > -window))
    k, above = _rows_where((gap > 0) & (gap < window))
    lower, upper = gap.gather(1, j).unsqueeze(2), gap.gather(1, k).unsqueeze(1)
    share = (upper / (upper - lower).clamp_min(1e-9)).clamp(0, 1)
    mixed = share * fixed.gather(1, j).unsqueeze(2) + (1 - share) * fixed.gather(1, k).unsqueeze(1)
    there = below.unsqueeze(2) & above.unsqueeze(1)
    return torch.where(there, mixed, least), there


def _rows_where(wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Of each row the columns that are wanted first, and whether they are; (n, n) -> (n, W), (n, W)."""
    # a GPU would have to wait for their number
    number = max(1, int(wanted.sum(1).max())) if is_on_host(wanted) else len(wanted)
    columns = wanted.to(torch.uint8).sort(dim=1, descending=True, stable=True).indices[:, :number]
    return columns, wanted.gather(1, columns)
