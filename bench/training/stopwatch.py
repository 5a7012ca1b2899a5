"""How long each step takes: by the processor's time, on the wall clock, or by a GPU's own events, which none waits for.

One thread of a CPU is timed by what the processor spends on it, which other work on the machine does not lengthen.
"""

import sys
from time import perf_counter, process_time
from typing import Any, Literal

import torch

Clock = Literal["wall", "processor"]


def clock_of(device: torch.device) -> Clock:
    """What times a step on a device."""
    # threads that wait for each other spend time, too; Windows counts in parts of 16 ms
    alone = device.type == "cpu" and torch.get_num_threads() == 1 and sys.platform != "win32"
    return "processor" if alone else "wall"


class Stopwatch:
    """Times of the steps since the last reading."""

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self.clock: Clock = clock_of(device)
        self._seconds = process_time if self.clock == "processor" else perf_counter
        self._ticks: list[tuple[Any, Any]] = []  # when a step began and ended

    def now(self) -> Any:
        """A moment: a GPU works on after the host has gone on, its events tell when it came there."""
        if not self._on_gpu:
            return self._seconds()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def step(self, began: Any) -> None:
        """A step that began at a moment has ended."""
        self._ticks.append((began, self.now()))

    def read(self) -> list[float]:
        """Seconds of each step since the last reading; waits for a GPU."""
        ticks, self._ticks = self._ticks, []
        if self._on_gpu and ticks:
            ticks[-1][1].synchronize()
            return [began.elapsed_time(ended) / 1e3 for began, ended in ticks]
        return [ended - began for began, ended in ticks]
