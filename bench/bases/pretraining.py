"""Two stages, as Rank-N-Contrast trains them: an encoder on augmented views, then a regressor on its features."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from bench.dataset import Dataset
from bench.method import REPRESENTATION, Batch, Method, Stage, Task
from bench.protocol import Protocol
from bench.ranges import Positive, Several

Recipe = Literal["paper", "dataset"]

_SGD: dict[str, Any] = {"optimizer": "sgd", "momentum": 0.9, "milestones": (), "patience": None, "clip": None}
_ENCODER = {"cosine_floor": 0.1**3, "weight_decay": 1e-4, "batch_size": 256, "epochs": 400, "drop_last": True}
_REGRESSOR = {"lr": 0.05, "cosine_floor": 0.2**3, "weight_decay": 0.0, "batch_size": 64, "epochs": 100}

# for `defaults` and `origins` of a subclass
AS_RNC: Mapping[str, Mapping[str, object]] = {name: {"recipe": "paper"} for name in ("agedb", "imdb_wiki")}
ORIGINS: Mapping[str, str] = {
    "recipe": "ours: the dataset's protocol",
    "freeze": "as rnc",
    "agedb": "ours: as rnc",
    "imdb_wiki": "ours: as rnc",
}


class Pretraining(Method):
    """Base of methods that learn features from two augmented views of each sample, then fit a regressor to them.

    Where a dataset does not augment, both views are the sample itself, as rnc has it.

    Args:
        recipe: optimiser, schedule, batch and augmentation of both stages: those of rnc's "paper" (ages), or the
            "dataset"'s.
        freeze: whether the encoder is held still in the second stage: a linear probe; else it is fine-tuned.
    """

    views = 2
    defaults: ClassVar = AS_RNC
    lr: ClassVar[float] = 0.5  # of the first stage of the paper's recipe

    def __init__(self, recipe: Recipe, freeze: bool) -> None:
        super().__init__()
        self.recipe, self.freeze = recipe, freeze

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """Views of a dense sample have targets of their own."""
        return "it compares samples by one row of features each" if dataset.dense_targets else None

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """The representation keeps its last epoch: without a head there is nothing to validate."""
        del protocol
        own = self.recipe == "paper"
        first, second = ({**_SGD, **_ENCODER, "lr": self.lr}, {**_SGD, **_REGRESSOR}) if own else ({}, {})
        encoder = "eval" if self.freeze else "train"
        return (
            Stage(REPRESENTATION, first, weighted=False, pretext=True, strong=own, select=False),
            Stage("regressor", second, encoder=encoder, new_head=True, regularized=False, strong=own),
        )


class Contrastive(Pretraining):
    """Base of those that contrast a projection of the views: one hidden layer as wide as the features.

    Args:
        temperature: of the cosines.
        width: of the projection.
        recipe, freeze: see `Pretraining`.
    """

    candidates: ClassVar = tuple({"temperature": temperature} for temperature in (0.05, 0.1, 0.2, 0.5, 1.0))

    def __init__(self, temperature: Positive, width: Several, recipe: Recipe, freeze: bool) -> None:
        super().__init__(recipe, freeze)
        self.temperature, self.width = temperature, width

    def prepare(self, task: Task) -> None:
        """Draw the projection."""
        super().prepare(task)
        layers = nn.Linear(task.width, task.width), nn.ReLU(), nn.Linear(task.width, self.width)
        self.projector = nn.Sequential(*layers)

    def regularizer(self, batch: Batch) -> Tensor:
        """The contrast of the views: all that the first stage minimises."""
        if batch.views is None or len(batch.y) < 2:
            self.skipped += 1
            return batch.z[:0].sum()
        projected = self.projector(batch.views.z)
        return self.contrast(projected.unflatten(0, (-1, len(batch.y))).transpose(0, 1), batch.y)

    def contrast(self, features: Tensor, y: Tensor) -> Tensor:
        """The loss of projected views and targets in network units; (B, V, D), (B, T) -> ()."""
        raise NotImplementedError
