"""What code and data of today say of a row: what its records must agree with."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StageFacts:
    """One stage of training, by its own protocol.

    Args:
        name: as a history has it, which leaves the usual name out.
        selects: whether it validates and keeps the best weights.
        steps_an_epoch: None where nobody knows.
    """

    name: str | None
    selects: bool
    epochs: int
    validate_every: int
    validate_steps: int | None
    patience: int | None
    steps_an_epoch: int | None = None


@dataclass(frozen=True)
class Facts:
    """Of a row.

    Args:
        metric: the first of the dataset, which selects.
        stages: none of a reference.
        calibrated: whether predictions are changed after the selection, so that its value is not that of the metrics.
        columns: whether its method predicts more than a mean.
        counts: samples of each region of the validation split; None without data.
        shapes: of the predictions of both splits; None without data.
        batch: samples of a step; None without data.
    """

    metric: str
    stages: tuple[StageFacts, ...]
    calibrated: bool = False
    columns: bool = False
    counts: Mapping[str, int] | None = None
    shapes: Mapping[str, tuple[int, ...]] | None = None
    batch: int | None = None
