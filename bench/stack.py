"""A stack: several methods as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.method import SHARED, SLOTS, Batch, Method, Task


class Stack(Method):
    """Several methods as one: exclusive slots come from the one that fills them, regularizers are summed."""

    def __init__(self, parts: Sequence[tuple[str, Method]]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(part for _, part in parts)
        owner: dict[str, Method] = {}
        for slot in SLOTS:
            fill = [(name, part) for name, part in parts if slot in part.slots()]
            firm = [(name, part) for name, part in fill if slot not in part.yields]
            if len(firm) > 1 and slot not in SHARED:
                names = " and ".join(f"'{name}'" for name, _ in firm[:2])
                raise BenchError(f"cannot stack {names}: both fill the slot '{slot}', which holds one method")
            if fill:
                owner[slot] = (firm or fill)[0][1]
        for _, part in parts:
            part.joins([other for _, other in parts if other is not part])
        base = parts[0][1]
        self.views = max(part.views for _, part in parts)
        for slot in ("weights", "loss", "features", "stages"):
            setattr(self, slot, getattr(owner.get(slot, base), slot))
        head = owner.get("head", base)
        self.head, self.targets, self.predict = head.head, head.targets, head.predict
        self._regularizers: list[Method] = [part for _, part in parts if "regularizer" in part.slots()]

    def prepare(self, task: Task) -> None:
        """Prepare each part with its own generator at the same start, so a part draws as it does alone."""
        state = task.generator.get_state()
        for part in _parts(self):
            part.prepare(Task(**{**vars(task), "generator": torch.Generator()}))
            part.task.generator.set_state(state)

    def regularizer(self, batch: Batch) -> Tensor:
        """The sum of the parts' regularizers."""
        total = batch.z.new_zeros(())
        for part in self._regularizers:
            total = total + part.regularizer(batch)
        return total

    def epoch_end(self, z: Tensor, y: Tensor, epoch: int) -> None:
        """Pass the training features to every part."""
        for part in _parts(self):
            part.epoch_end(z, y, epoch)

    def parameter_groups(self) -> list[dict]:
        """The groups of every part."""
        return [group for part in _parts(self) for group in part.parameter_groups()]


def fills(method: Method, slot: str) -> bool:
    """Whether a method or any part of a stack overrides a hook."""
    return any(getattr(type(part), slot) is not getattr(Method, slot) for part in _parts(method))


def counted(method: Method) -> dict[str, int]:
    """What a record counts of a method or of all parts of a stack."""
    parts = _parts(method)
    return {
        "skipped_batches": sum(int(part.skipped) for part in parts),
        "unconverged_batches": sum(int(part.unconverged) for part in parts),
    }


def _parts(method: Method) -> list[Method]:
    return list(method.parts) if isinstance(method, Stack) else [method]  # type: ignore[arg-type]
