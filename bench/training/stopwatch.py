"""How long each step takes: on the host's clock, or by a GPU's own events, which no step has to wait for."""

from time import perf_counter
from typing import Any

import torch


class Stopwatch:
    """Times of the steps since the last reading."""

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._ticks: list[tuple[Any, Any]] = []  # when a step began and ended

    def now(self) -> Any:
        """A moment: a GPU works on after the host has gone on, its events tell when it came there."""
        if not self._on_gpu:
            return perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def step(self, began: Any) -> None:
        """A step that began at a moment has ended."""
        self._ticks.append((began, self.now()))

    def read(self) -> list[float]:
        """Seconds of each step since the last reading; waits for a GPU."""
        ticks, self._ticks = self._ticks, []
        if self._on_gpu:
            return [began.elapsed_time(ended) / 1e3 for began, ended in ticks]
        return [ended - began for began, ended in ticks]
