"""The protocol: how one model is trained and selected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_type_hints

from bench.errors import BenchError
from bench.ranges import Count, Fraction, NonNegative, Positive, Share, in_words

if TYPE_CHECKING:
    from pydantic import TypeAdapter

TaskLoss = Literal["l1", "mse", "huber"]


@dataclass(frozen=True)
class Protocol:
    """How one model is trained and selected; every field goes into the cell key.

    Args:
        loss: task loss of the baseline.
        huber_beta: where a Huber loss turns from squared to linear, in network units; other losses ignore it.
        optimizer, lr, weight_decay, momentum: of the network's parameters.
        batch_size: None means the whole training split in one batch.
        epochs: passes over the training split.
        validate_every: epochs between two validations.
        validate_steps: optimiser steps between two validations; replaces validate_every where a paper counts so.
        patience: validations without improvement before stopping; None never stops.
        milestones, gamma: epochs after which the learning rate is multiplied by gamma.
        cosine_floor: final learning rate as a share of lr on a cosine schedule; None means no cosine.
        clip: largest gradient norm; None means no clipping.
        drop_last: leave out a last short batch.
        precision: of the network's forward and backward pass; losses are always in fp32.
        channels_last: memory layout of images.
        compile: whether torch compiles the encoder.
        batchnorm_split: parts of a batch over which batch normalisation takes its statistics in training, the first
            of which moves the running ones, as on so many GPUs under torch's DataParallel.

    >>> Protocol(loss="mse", epochs=5).batch_size
    256
    """

    loss: TaskLoss = "l1"
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    lr: Positive = 1e-3
    weight_decay: NonNegative = 0.0
    momentum: Fraction = 0.0
    batch_size: Count | None = 256
    epochs: Count = 90
    validate_every: Count = 1
    validate_steps: Count | None = None
    patience: Count | None = None
    milestones: tuple[Count, ...] = ()
    gamma: Positive = 0.1
    cosine_floor: Share | None = None
    clip: Positive | None = None
    drop_last: bool = False
    precision: Literal["fp32", "bf16"] = "fp32"
    channels_last: bool = False
    compile: bool = False
    batchnorm_split: Count = 1
    huber_beta: Positive = 1.0

    @property
    def task_loss(self) -> tuple[TaskLoss, float]:
        """The loss, and where it turns linear if it is Huber's."""
        return self.loss, self.huber_beta


def with_protocol(protocol: Protocol, overrides: Mapping[str, object]) -> Protocol:
    """A protocol with some fields replaced, as {"protocol.epochs": 5}; bad names and values raise BenchError."""
    from pydantic import ValidationError

    known = _adapter().dump_python(protocol)
    changes = {key.removeprefix("protocol."): value for key, value in overrides.items()}
    for key in changes:
        if key not in known:
            raise BenchError(f"no protocol field '{key}'; there are: {', '.join(known)}")
        value = changes[key]
        parts = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
        if not isinstance(known[key], bool) and any(isinstance(part, bool) for part in parts):  # 0 and 1 to Python
            raise BenchError(f"protocol.{key}={str(changes[key]).lower()}: that is no number")
    try:
        made = _adapter().validate_python({**known, **changes})
    except (ValidationError, RecursionError) as error:
        wrong = error.errors()[0]["loc"][0] if isinstance(error, ValidationError) else next(iter(changes))
        said = in_words(get_type_hints(Protocol, include_extras=True)[str(wrong)])
        raise BenchError(f"protocol.{wrong}={_short(changes.get(str(wrong)))}: {wrong} is {said}") from None
    if list(made.milestones) != sorted(set(made.milestones)):
        raise BenchError(f"protocol.milestones={list(made.milestones)}: write epochs in ascending order, each once")
    return made


def _short(value: object) -> str:
    # numbers of thousands of digits cannot even be written
    try:
        text = str(value)
    except (ValueError, RecursionError):
        return "..."
    return text if len(text) <= 100 else f"{text[:100]}..."


@cache
def _adapter() -> "TypeAdapter[Protocol]":
    # takes milliseconds to make, and boards ask for hundreds of protocols
    from pydantic import TypeAdapter

    return TypeAdapter(Protocol)
