"""Balanced MSE: squared error that corrects for the skew of the training labels.

Ren et al., Balanced MSE for Imbalanced Visual Regression, CVPR 2022, arXiv:2203.16427.
Follows BorealisAI/ConR nyud2-dir/balanaced_mse.py at ad6a8c90426d, a copy of jiawei-ren/BalancedMSE.
In a stack with rrt it acts where the head is trained again, on an encoder of the plain loss: IMDB-WIKI's published row
is `rrt[epochs=10,lr=0.0001,weighted=false]+balanced_mse`. The prior of depth is the table of NYUD2's code, whose bins
without pixels have the count of the first that has some; ConR's row there trains for 20 epochs.
Differs: the noise starts at the value of our search, or at the labels' deviation, where none is published; sample
weights act.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.functional.shapes import as_columns, as_rows_of, require_same
from bench.method import REPRESENTATION, Batch, Method, Task
from bench.ranges import Positive, Several


class BalancedMSE(Method):
    """Tell each target apart from the other targets that it could have been, under Gaussian noise.

    Args:
        kind: source of the other targets: the batch (bmc), a Gaussian mixture (gai) or label bins (bni).
        noise: initial noise deviation in label units; None means the deviation of the training labels.
        learned: whether the noise is trained; unbounded, as released: where it crosses 0 the gradient can overflow,
            which the record then shows as diverged.
        lr: of the noise, constant.
        components: of the mixture.
    """

    defaults: ClassVar = {
        "imdb_wiki": {"noise": 10.0, "components": 8},
        "nyud2": {"kind": "bni", "noise": 1.0, "learned": False},
    }
    origins: ClassVar = {
        "": "code",
        "noise": "ours: the labels' deviation",
        "imdb_wiki": "code, README of Balanced MSE",
        "nyud2": "code, README of ConR",
    }
    candidates: ClassVar = tuple({"noise": 10.0**p} for p in range(-2, 3))

    def __init__(
        self,
        kind: Literal["bmc", "gai", "bni"] = "bmc",
        noise: Positive | None = None,
        learned: bool = True,
        lr: Positive = 1e-2,
        components: Several = 16,
    ) -> None:
        super().__init__()
        self.kind, self.initial, self.lr, self.components = kind, noise, lr, components
        self.noise = nn.Parameter(torch.ones(()), requires_grad=learned)
        self.register_buffer("prior", torch.empty(3, 0))  # means, variances, shares

    def prepare(self, task: Task) -> None:
        """Set the noise and describe the distribution of the labels."""
        super().prepare(task)
        if self.kind == "bmc" and task.y.dim() > 2:
            raise BenchError("balanced_mse[kind=bmc] compares all pairs of targets, too many here; use kind=bni")
        if self.kind != "bmc" and task.y.shape[1] > 1:
            raise BenchError(f"balanced_mse[kind={self.kind}] takes one target, not {task.y.shape[1]}; use kind=bmc")
        usual = float(task.y.std(correction=0)) or 1.0
        with torch.no_grad():
            self.noise.fill_(usual if self.initial is None else self.initial / task.scale)
        if self.kind != "bmc":
            self.prior = (_histogram(task) if self.kind == "bni" else self._mixture(task)).to(task.y)

    def loss(self, batch: Batch) -> Tensor:
        """On the scale of the squared error."""
        if batch.stage == REPRESENTATION:
            return super().loss(batch)
        if self.kind == "bmc":
            self.skipped += len(batch.y) < 2  # nothing to tell it from: 0
            return batch_monte_carlo(batch.outputs, batch.targets, self.noise, batch.w)
        means, variances, shares = self.prior
        return mixture_based(batch.outputs, batch.targets, self.noise, means, variances, shares, batch.w)

    def parameter_groups(self) -> list[dict]:
        """The noise, at a constant rate of its own."""
        group = {"params": [self.noise], "lr": self.lr, "weight_decay": 0.0, "scheduled": False}
        return [group] if self.noise.requires_grad else []

    def _mixture(self, task: Task) -> Tensor:
        from sklearn.mixture import GaussianMixture

        y = task.y.reshape(-1, 1).double().numpy()
        components = min(self.components, len(task.y.unique()))
        seed = int(torch.randint(2**31, (), generator=task.generator))
        fit = GaussianMixture(components, random_state=seed).fit(y)
        parts = fit.means_, fit.covariances_, fit.weights_
        return torch.stack([torch.as_tensor(part).flatten() for part in parts])


def _histogram(task: Task) -> Tensor:
    if task.bins is None:
        raise BenchError("balanced_mse[kind=bni] needs a dataset with label bins; use kind=bmc")
    numbers = torch.arange(task.bins.number)
    centers = (task.bins.start + (numbers + 0.5) * task.bins.width - task.shift) / task.scale
    if task.bins.counts is None:
        index = task.bins.index(task.labels).flatten()
        counts = index.bincount(minlength=task.bins.number)
        # whole labels, as ages are, stand for themselves
        mean = torch.zeros(len(counts)).index_add(0, index, task.y.flatten()) / counts.clamp_min(1)
        centers = torch.where(counts > 0, mean, centers)
    else:
        counts = torch.tensor(task.bins.counts)[numbers.clamp_min(task.bins.first)]
    return torch.stack([centers, torch.zeros_like(centers), counts / counts.sum()])


def batch_monte_carlo(
    predictions: Tensor, targets: Tensor, noise: Tensor | float, sample_weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of each prediction against every target of the batch; (B, T), (B, T), () -> ().

    >>> batch_monte_carlo(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]), noise=1.0)
    tensor(0.8201)
    """
    predictions, targets, _ = as_columns(predictions, targets)
    if sample_weights is not None:
        sample_weights = as_rows_of(targets[:, :1], sample_weights, "weights")
    variance = _variance(noise, predictions)
    squares = (predictions.unsqueeze(1) - targets).square().sum(-1)  # (B, B), its own target on the diagonal
    logits = squares / (-2 * variance)
    return _mean(logits.logsumexp(1) - logits.diagonal(), variance, sample_weights)


def bin_based(
    predictions: Tensor,
    targets: Tensor,
    noise: Tensor | float,
    centers: Tensor,
    weights: Tensor,
    sample_weights: Tensor | None = None,
) -> Tensor:
    """Against K label bins of known shares; (B, 1), (B, 1), (), (K,), (K,) -> ().

    >>> centers, shares = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.6, 0.3, 0.1])
    >>> bin_based(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]), 1.0, centers, shares)
    tensor(-0.0510)
    """
    return mixture_based(predictions, targets, noise, centers, torch.zeros_like(centers), weights, sample_weights)


def mixture_based(
    predictions: Tensor,
    targets: Tensor,
    noise: Tensor | float,
    means: Tensor,
    variances: Tensor,
    weights: Tensor,
    sample_weights: Tensor | None = None,
) -> Tensor:
    """Against a mixture of K Gaussians, each widened by the noise; may be negative.

    (B, 1) or dense predictions and targets, (), and means, variances and weights of the parts, (K,) -> ().

    >>> means, variances, shares = torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.5]), torch.tensor([0.8, 0.2])
    >>> mixture_based(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]), 1.0, means, variances, shares)
    tensor(-0.2210)
    """
    predictions, targets, sample_weights = as_columns(predictions, targets, sample_weights)
    require_same(means, weights, "means", "weights")
    require_same(variances, weights, "variances", "weights")
    variance = _variance(noise, predictions)
    widened = variances + variance
    squares = (predictions.unsqueeze(-1) - means).square()
    balance = (weights.log() - widened.log() / 2 - squares / (2 * widened)).logsumexp(-1)
    error = (predictions - targets).square() / (2 * variance) + variance.log() / 2
    return _mean(error + balance, variance, sample_weights)


def _variance(noise: Tensor | float, like: Tensor) -> Tensor:
    return torch.as_tensor(noise, dtype=like.dtype, device=like.device) ** 2


def _mean(loss: Tensor, variance: Tensor, weights: Tensor | None) -> Tensor:
    if weights is not None:
        loss = loss * (weights if loss.dim() == weights.dim() else weights.squeeze(1))
    return loss.mean() * (2 * variance).detach()  # back to the scale of the squared error
