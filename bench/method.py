"""What a method is: a few slots that the training loop calls, in a stack or alone.

A method overrides only what differs from plain regression; the slots it fills are the hooks it overrides.
It never calls backward and draws random numbers only from its own generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from bench.dataset import Bins, Dataset
from bench.functional.devices import is_on_host, to_device_of
from bench.functional.losses import task_loss
from bench.functional.optimizers import protocol_optimizer
from bench.protocol import Protocol, TaskLoss
from bench.slots import SLOTS

MOST_ROWS = 1024  # that regularizers compare in pairs, of a dense batch's pixels above all


@dataclass(slots=True)
class Batch:
    """One training batch. Dense targets carry (B, T, H, W) where others carry (B, T).

    >>> y = torch.zeros(2, 1)
    >>> Batch(y, None, torch.zeros(2, 4), outputs=y + 1, targets=y, predict=lambda outputs: outputs).y_hat.flatten()
    tensor([1., 1.])
    """

    y: Tensor  # (B, T) targets in network units
    w: Tensor | None  # (B, 1) sample weights, None without re-weighting; of dense targets 0 outside the mask
    z: Tensor  # (B, D) features, after the features slot
    outputs: Tensor  # what the head gives: (B, T), or what the head slot makes of it
    targets: Tensor  # what outputs are compared with: y, or what the head slot makes of it
    predict: Callable[[Tensor], Tensor]  # the method's: outputs -> (B, T)
    mask: Tensor | None = None  # the shape of y, True where a dense target counts
    views: Views | None = None
    epoch: int = 1  # from 1, within the stage
    stage: str = "train"
    x: Tensor | None = None  # (B, ...) what the encoder saw, augmented
    index: Tensor | None = None  # (B,) rows of the training split, on the host

    @property
    def y_hat(self) -> Tensor:
        """Predictions in network units, (B, T)."""
        return self.predict(self.outputs)

    @property
    def rows(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Features (n, D), targets (n, T) and which rows count, (n,) or None for all; of a dense batch, pixels."""
        return as_rows(self.z, self.y, self.mask)

    def sample(self, most: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """At most so many of the rows that count, features (n, D) and targets (n, T); drawn where there are more.

        On a GPU, rows are taken more than once where fewer than `most` count, so that the host need not wait.
        """
        z, y, counts = self.rows
        if counts is not None:
            keys, number = to_device_of(torch.rand(len(z), generator=generator), z), counts.sum()
            drawn = keys.masked_fill(~counts, 2).argsort()[:most]
            again = torch.arange(len(drawn), device=z.device) % number.clamp(min=1)
            drawn = drawn[:number] if is_on_host(z) else drawn[again]
        elif len(z) > most:
            drawn = to_device_of(torch.randperm(len(z), generator=generator)[:most], z)
        else:
            return z, y
        return z[drawn], y[drawn]


def as_rows(z: Tensor, y: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Features, targets and mask as rows: (B, D), (B, T) as they are; of (B, D, H, W), (B, T, H, W) the pixels."""
    if z.dim() == 2:
        return z, y, None
    z, y = (t.flatten(2).transpose(1, 2).flatten(0, 1) for t in (z, y))
    return z, y, None if mask is None else mask.flatten()


@dataclass(slots=True)
class Views:
    """V more augmented views of the batch, stacked view by view: rows v·B to (v+1)·B are view v."""

    z: Tensor  # (V·B, D), without the features slot
    y_hat: Tensor  # (V·B, T)
    x: Tensor | None = None  # (V·B, ...) what the encoder saw


@dataclass(frozen=True)
class Task:
    """What a method may know before training starts: everything but the validation and test splits."""

    labels: Tensor  # (N, T) training labels in label units; of dense targets, those of the reference rows
    y: Tensor  # (N, T) the same in network units
    shift: float
    scale: float
    width: int  # D
    bins: Bins | None
    protocol: Protocol
    generator: torch.Generator  # on the CPU, the method's own
    encoder: nn.Module = field(default_factory=nn.Identity)  # the network's: a hook on it sees the inputs
    new_encoder: Callable[[], nn.Module] = nn.Identity  # another one of its kind, freshly drawn
    density: Callable[[np.ndarray], np.ndarray] | None = None  # the density slot's, of a stack; None: the method's own

    def bin_of(self, y: Tensor) -> Tensor:
        """Label bin of targets in network units, any shape, int64."""
        assert self.bins is not None
        # a whole label may come back a rounding error below its bin
        return self.bins.index(y * self.scale + self.shift + 1e-4 * self.bins.width)


REPRESENTATION = "representation"  # the stage of an encoder whose regressor is trained again in the next one


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Args:
        name: seen by hooks as `batch.stage`.
        changes: of the protocol, for this stage, by field.
        loss: a plain task loss in the place of the loss slot; None leaves the slot to act.
        encoder: "train"; "frozen" keeps batch statistics moving; "eval" holds everything still.
        new_head: start from a freshly drawn head.
        weighted: whether the weights slot acts.
        regularized: whether the regularizer slot acts.
        pretext: the regularizer slot alone, on the views: neither a task loss nor a pass without views.
        strong: transform batches in the mode "strong", as contrastive learning does.
        select: keep the epoch with the best validation value; False keeps the last one.

    >>> Stage("regressor", {"epochs": 10}, encoder="frozen", new_head=True).changes
    {'epochs': 10}
    """

    name: str = "train"
    changes: Mapping[str, object] = field(default_factory=dict[str, object])
    loss: TaskLoss | None = None
    encoder: Literal["train", "frozen", "eval"] = "train"
    new_head: bool = False
    weighted: bool = True
    regularized: bool = True
    pretext: bool = False
    strong: bool = False
    select: bool = True


class Method(nn.Module):
    """Base of all methods: plain regression with the protocol's loss. Parameters are `__init__` arguments.

    A subclass in methods/NAME.py is found by its file name. Three tables speak of its parameters:
    `defaults` has published values, per dataset, or for one that is named with parameters, as "airfoil[protocol=srl]",
    where those hold; `origins` says where values come from, under a dataset, a parameter, "dataset.parameter" or ""
    for the rest; `candidates` are what `bench search` tries on a dataset for which none of them is published.

    >>> class Robust(Method):
    ...     def loss(self, batch):
    ...         return (batch.outputs - batch.targets).abs().sqrt().mean()
    >>> Robust.slots()
    ('loss',)
    """

    views: int = 0  # more augmented views of each sample
    raw_statistics: bool = False  # whether `epoch_end` gets features as they are before the features slot
    defaults: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    origins: ClassVar[Mapping[str, str]] = {}
    candidates: ClassVar[Sequence[Mapping[str, object]]] = ()
    ordered: ClassVar[Sequence[tuple[str, str]]] = ()  # pairs of parameters of which the first is at most the second
    fallback_slots: ClassVar[tuple[str, ...]] = ()  # exclusive slots that another method of a stack may take over

    # counted into the record; added to as tensors where the batch's values decide, as reading them would wait for a GPU
    skipped: int | Tensor = 0  # degenerate batches
    unconverged: int | Tensor = 0  # batches whose inner solver stopped short

    @classmethod
    def slots(cls) -> tuple[str, ...]:
        """The slots this class fills: the hooks it overrides."""
        return tuple(slot for slot in SLOTS if getattr(cls, slot) is not getattr(Method, slot))

    @classmethod
    def defaults_for(cls, dataset: str, protocol: Protocol) -> Mapping[str, object]:
        """Values that replace the constructor's defaults on one dataset."""
        del protocol
        return cls.defaults.get(dataset, {})

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Why this method is not defined on a dataset; None where it is."""
        del dataset

    # Before training

    def prepare(self, task: Task) -> None:
        """Called once before training; a subclass that keeps more calls this first."""
        self.task = task

    def weights(self, labels: Tensor) -> Tensor | None:
        """Weight of each training sample, (N, T) labels -> (N, 1); None means no re-weighting."""
        del labels

    def density(self, density: np.ndarray) -> np.ndarray:
        """Counts by label bin (K,), or a power of them, before re-weighting inverts them; (K,) -> (K,)."""
        return density

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """The network's head; `make(outputs)` gives the dataset's own kind with so many outputs."""
        return make(targets)

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """The stages of training, in order."""
        del protocol
        return (Stage(),)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Optimizer groups of the method's own parameters; `"scheduled": False` keeps a group's lr constant."""
        parameters = list(self.parameters())
        return [{"params": parameters}] if parameters else []

    def optimizer(self, groups: list[dict[str, Any]], protocol: Protocol) -> torch.optim.Optimizer:
        """The optimizer of a stage over groups of parameters, each with its "lr"."""
        return protocol_optimizer(groups, protocol)

    def stage_start(self, network: nn.Module, stage: Stage) -> None:
        """Called before each stage, whose changes hold the run's own too, with its network of `encoder` and `head`."""

    # In each epoch and step

    def sampler(self, rows: int, rng: torch.Generator) -> Tensor:
        """The training rows of one epoch in order; one may come more than once, or never."""
        return torch.randperm(rows, generator=rng)

    def inputs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """A training batch before the encoder, after augmentation: (B, ...) and targets (B, T) in network units."""
        return x, y

    def features(self, z: Tensor, y: Tensor, epoch: int) -> Tensor:
        """Features in training, transformed; evaluation never calls it."""
        del y, epoch
        return z

    def targets(self, y: Tensor) -> Tensor:
        """Targets in the form of the head's outputs (part of the head slot)."""
        return y

    def loss(self, batch: Batch) -> Tensor:
        """The task loss, a scalar; a row's weight multiplies its loss and the mean is over B."""
        return task_loss(batch.outputs, batch.targets, batch.w, *self.task.protocol.task_loss)

    def regularizer(self, batch: Batch) -> Tensor:
        """A term added to the task loss, its weight already applied."""
        return batch.z.new_zeros(())

    def step(self, optimizer: torch.optim.Optimizer, backward: Callable[[], Tensor]) -> Tensor:
        """One update of the weights; returns the loss.

        Args:
            backward: computes the loss of the batch at the weights as they are, and their gradients; may be called
                more than once.
        """
        loss = backward()
        optimizer.step()
        return loss

    def step_end(self, network: nn.Module) -> None:
        """Called after each update."""

    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Called after each epoch with the features (N, D) of a pass over the training split, if overridden.

        Of dense targets, with those of every pixel of the reference rows, and their targets.
        """

    # Evaluation

    def evaluated(self, network: nn.Module) -> nn.Module:
        """The network to validate, keep and test in the place of the one that is trained."""
        return network

    def predict(self, outputs: Tensor) -> Tensor:
        """Predictions (B, T) from the head's outputs (part of the head slot)."""
        return outputs

    def columns(self, outputs: Tensor) -> Mapping[str, Tensor]:
        """More that the head's outputs say of a prediction, each (B, T) in network units (part of the head slot).

        "deviation": of a Gaussian around the prediction; "q0.05" and the like: quantiles.
        """
        del outputs
        return {}

    def calibrate(self, y_hat: Tensor, labels: Tensor) -> None:
        """Called once after training with the validation split: predictions and labels (N, T), in label units."""

    def calibrated(self, y_hat: Tensor) -> Tensor:
        """Final predictions, corrected by what `calibrate` learned; (N, T) -> (N, T), in label units."""
        return y_hat
