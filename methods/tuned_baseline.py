"""Baseline*: plain regression at the rate, weight decay and schedule that `bench tune` found for it.

Ours; the row that tells what part of a method's gain a tuned start has without it.
Follows nothing.
Differs: from the baseline by those three settings; defined only beside a published protocol that was tuned so.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from bench.bases.coordinates import Coordinates
from bench.bases.tuned_settings import outcomes
from bench.dataset import Dataset
from bench.method import Method, Stage
from bench.protocol import Protocol
from bench.ranges import NonNegative, Positive, Share

FIELDS = ("lr", "weight_decay", "cosine_floor")


def _tuned() -> dict[str, dict[str, Any]]:
    fields = {
        name: {axis.removeprefix("protocol."): value for axis, value in one["best"].items()}
        for name, one in outcomes().items()
    }
    return {name: values for name, values in fields.items() if set(values) == set(FIELDS)}


class TunedBaseline(Method):
    """The protocol's own loss. Args: lr, weight_decay, cosine_floor: as of a `Protocol`."""

    defaults: ClassVar = _tuned()
    origins: ClassVar = {"": "the dataset's protocol", **dict.fromkeys(defaults, "bench tune")}

    def __init__(self, lr: Positive = 1e-3, weight_decay: NonNegative = 0.0, cosine_floor: Share | None = None) -> None:
        super().__init__()
        self.changes: dict[str, object] = {"lr": lr, "weight_decay": weight_decay, "cosine_floor": cosine_floor}

    @classmethod
    def defaults_for(cls, dataset: str, protocol: Protocol) -> Mapping[str, object]:
        """The protocol's own values, where nothing was tuned."""
        plain: dict[str, object] = {field: getattr(protocol, field) for field in FIELDS}
        return plain | dict(super().defaults_for(dataset, protocol))

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """It would be the baseline once more."""
        if isinstance(dataset, Coordinates):
            variant = "[points=published]" if dataset.points == "published" else ""
            if dataset.name + variant in cls.defaults:
                return None
        return "bench tune kept nothing for it beside its own protocol"

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """One, with the tuned settings."""
        del protocol
        return (Stage(changes=self.changes),)
