"""A stack: several methods as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.method import Batch, Method, Stage, Task
from bench.protocol import Protocol
from bench.slots import SHARED, SLOTS


class Stack(Method):
    """Several methods as one: an exclusive slot is one method's, regularizers are summed, all hear of events."""

    def __init__(self, parts: Sequence[tuple[str, Method]]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(part for _, part in parts)
        self.views = max(part.views for _, part in parts)
        self._regularizers = [part for _, part in parts if "regularizer" in part.slots()]
        self._owner = {slot: _owner(slot, parts) or parts[0][1] for slot in SLOTS if slot not in SHARED}
        self.raw_statistics = self._owner["features"].raw_statistics

    def prepare(self, task: Task) -> None:
        """Prepare each part with its own generator at the same start, so a part draws as it does alone."""
        for part in methods_of(self):
            part.prepare(replace(task, generator=task.generator.clone_state()))

    def weights(self, labels: Tensor) -> Tensor | None:
        """Of the part that fills the slot, as all that follow."""
        return self._owner["weights"].weights(labels)

    def density(self, density: np.ndarray) -> np.ndarray:
        """By the density slot."""
        return self._owner["density"].density(density)

    def stages(self, protocol: Protocol) -> tuple[Stage, ...]:
        """By the stages slot."""
        return self._owner["stages"].stages(protocol)

    def sampler(self, rows: int, rng: torch.Generator) -> Tensor:
        """By the sampler slot."""
        return self._owner["sampler"].sampler(rows, rng)

    def inputs(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """By the inputs slot."""
        return self._owner["inputs"].inputs(x, y)

    def features(self, z: Tensor, y: Tensor, epoch: int) -> Tensor:
        """By the features slot."""
        return self._owner["features"].features(z, y, epoch)

    def head(self, make: Callable[[int], nn.Module], targets: int) -> nn.Module:
        """By the head slot, as the three that follow."""
        return self._owner["head"].head(make, targets)

    def targets(self, y: Tensor) -> Tensor:
        """By the head slot."""
        return self._owner["head"].targets(y)

    def predict(self, outputs: Tensor) -> Tensor:
        """By the head slot."""
        return self._owner["head"].predict(outputs)

    def columns(self, outputs: Tensor) -> Mapping[str, Tensor]:
        """By the head slot."""
        return self._owner["head"].columns(outputs)

    def loss(self, batch: Batch) -> Tensor:
        """By the loss slot."""
        return self._owner["loss"].loss(batch)

    def regularizer(self, batch: Batch) -> Tensor:
        """The sum of the parts' regularizers."""
        total = batch.z.new_zeros(())
        for part in self._regularizers:
            total = total + part.regularizer(batch)
        return total

    def optimizer(self, groups: list[dict[str, Any]], protocol: Protocol) -> torch.optim.Optimizer:
        """By the optimizer slot."""
        return self._owner["optimizer"].optimizer(groups, protocol)

    def step(self, optimizer: torch.optim.Optimizer, backward: Callable[[], Tensor]) -> Tensor:
        """By the step slot."""
        return self._owner["step"].step(optimizer, backward)

    def evaluated(self, network: nn.Module) -> nn.Module:
        """By the evaluated slot."""
        return self._owner["evaluated"].evaluated(network)

    def calibrate(self, y_hat: Tensor, labels: Tensor) -> None:
        """By the calibrated slot."""
        self._owner["calibrated"].calibrate(y_hat, labels)

    def calibrated(self, y_hat: Tensor) -> Tensor:
        """By the calibrated slot."""
        return self._owner["calibrated"].calibrated(y_hat)

    def stage_start(self, network: nn.Module, stage: Stage) -> None:
        """Every part."""
        for part in methods_of(self):
            part.stage_start(network, stage)

    def step_end(self, network: nn.Module) -> None:
        """Every part."""
        for part in methods_of(self):
            part.step_end(network)

    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Every part."""
        for part in methods_of(self):
            part.epoch_end(z, y, epoch)

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The groups of every part."""
        return [group for part in methods_of(self) for group in part.parameter_groups()]


def _owner(slot: str, parts: Sequence[tuple[str, Method]]) -> Method | None:
    # the one that fills the slot for good, else the first that would fall back to it
    filling = [(name, part) for name, part in parts if slot in part.slots()]
    primary = [(name, part) for name, part in filling if slot not in part.fallback_slots]
    if len(primary) > 1:
        names = " and ".join(f"'{name}'" for name, _ in primary[:2])
        raise BenchError(f"cannot stack {names}: both fill the slot '{slot}', which holds one method")
    return (primary or filling)[0][1] if filling else None


def methods_of(method: Method) -> list[Method]:
    """The parts of a stack, or the method itself."""
    return list(method.parts) if isinstance(method, Stack) else [method]  # type: ignore[arg-type]


def overrides(method: Method, hook: str) -> bool:
    """Whether a method or any part of a stack overrides a hook."""
    return any(getattr(type(part), hook) is not getattr(Method, hook) for part in methods_of(method))


def batch_counters(method: Method) -> dict[str, int]:
    """What a record counts of a method or of all parts of a stack."""
    parts = methods_of(method)
    return {
        "skipped_batches": sum(int(part.skipped) for part in parts),
        "unconverged_batches": sum(int(part.unconverged) for part in parts),
    }
