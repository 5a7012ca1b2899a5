"""Where a training run stands, in one safetensors file whose header is JSON: nothing in it is pickled.

What a run holds beside weights is found by walking its objects, so that a method keeps what it likes: tensors, numbers,
text, lists, generators, and objects and modules of these. A run goes on in objects that are made anew and then filled.
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from bench.atomic import replace_file
from bench.method import Method, Task
from bench.training.stopwatch import Stopwatch

FORMAT = "1"
# of a run, beside its network and its method: what an epoch begins with
PARTS = ("order", "augment", "extra", "losses", "steps", "result", "best")
AS_THEY_ARE = (FunctionType, MethodType, BuiltinFunctionType, type, range, torch.device, torch.dtype, Path, slice)
OF_TORCH = frozenset(vars(nn.Module())) - {"training"}


class Run(Protocol):
    """What is known here of a training run: `bench.training.loop.Training`, which has PARTS too."""

    network: Any
    method: Method
    device: torch.device
    stopwatch: Stopwatch
    result: Any
    start: float


class Unkept(Exception):
    """An object whose state cannot be written down, or does not fit into the run it is to go on in."""


@dataclass
class Checkpoints:
    """Keeps a run's state every so many seconds, at the end of an epoch, and goes on from it.

    Args:
        path: of the file.
        every: seconds; infinite where a run only goes on.
        identity: what must be equal where a run goes on, beside what decides the rounding: its key.
    """

    path: Path
    every: float
    identity: str
    earlier_s: float = 0.0  # of the run that was left

    def __post_init__(self) -> None:
        self.written = perf_counter()
        rounding = (platform.machine(), torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())
        self.header = {
            "format": FORMAT,
            "identity": self.identity,
            "torch": torch.__version__,
            "machine": " ".join(map(str, rounding)),
        }

    def consider(self, training: Run, optimizer: torch.optim.Optimizer, stage: int, epoch: int) -> None:
        """Write the state after an epoch of a stage, if it is time."""
        if perf_counter() - self.written < self.every:
            return
        training.result.step_s += training.stopwatch.read()
        tensors: list[Tensor] = []
        try:
            state = _Packing(tensors, training).pack(_state(training, optimizer))
        except Unkept:  # then such a cell starts again
            self.every = float("inf")
            return
        from safetensors.torch import save

        seconds = perf_counter() - training.start
        position = {"stage": stage, "epoch": epoch, "seconds": seconds, "state": state}
        named = {str(number): tensor.contiguous() for number, tensor in enumerate(tensors)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, save(named, {**self.header, "position": json.dumps(position)}))
        self.written = perf_counter()

    def position(self) -> tuple[int, int] | None:
        """The stage and the epoch after which a run of the same cell was left; None where there is none."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, "pt") as file:
                header = file.metadata() or {}
                if {name: header.get(name) for name in self.header} != self.header:
                    return None
                self.found = json.loads(header["position"])
                self.tensors = [file.get_tensor(str(number)) for number in range(len(file.keys()))]
                return self.found["stage"], self.found["epoch"]
        except (OSError, SafetensorError, KeyError, ValueError):
            return None

    def fill(self, training: Run, optimizer: torch.optim.Optimizer) -> None:
        """Put what `position` has found into a run that has come to that stage.

        Raises:
            Unkept: it does not fit.
        """
        state = _Unpacking(self.tensors, training).unpack(self.found["state"], _state(training, optimizer))
        for name in PARTS:
            setattr(training, name, state[name])
        self.earlier_s = self.found["seconds"]
        training.start -= self.earlier_s

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def _state(training: Run, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    device = training.device
    gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return {
        "network": training.network,
        "method": training.method,
        **{name: getattr(training, name) for name in PARTS},
        "optimizer": optimizer,
        "random": _Global(torch.get_rng_state(), gpu),
    }


@dataclass
class _Global:
    cpu: Tensor
    gpu: Tensor | None


class _Packing:
    """Objects to JSON, their tensors aside; what is met twice is written once."""

    def __init__(self, tensors: list[Tensor], training: Run) -> None:
        self.tensors, self.met = tensors, {id(training): 0}
        self.kept: list[Any] = []  # alive, so that no other object takes its id

    def pack(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return {"is": value}
        if isinstance(value, AS_THEY_ARE):
            return {"same": True}
        if id(value) in self.met:
            return {"met": self.met[id(value)]}
        number = self.met[id(value)] = len(self.met)
        self.kept.append(value)
        return {"number": number, **self._new(value)}

    def _new(self, value: Any) -> dict[str, Any]:
        match value:
            case Tensor():
                return {"tensor": self._add(value.detach())}
            case np.ndarray() if value.dtype != object:
                return {"array": self._add(torch.from_numpy(value.copy()))}
            case torch.Generator():
                return {"generator": self._add(value.get_state())}
            case torch.optim.Optimizer():
                return {"optimizer": self._members(value.state_dict())}
            case dict():
                words = all(isinstance(key, str | int) for key in value)
                keys = list(value) if words else None
                return {"dict": [self.pack(item) for item in value.values()], "keys": keys}
            case list() | tuple():
                return {type(value).__name__: [self.pack(item) for item in value]}
            case _ if hasattr(value, "__dict__"):
                return {"object": self._members(_members(value))}
            case _:
                raise Unkept(type(value).__name__)

    def _members(self, members: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.pack(item) for name, item in members.items()}

    def _add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor.cpu().clone())
        return len(self.tensors) - 1


class _Unpacking:
    """The other way: `unpack` gives the value, filled into the live object where it is one."""

    def __init__(self, tensors: list[Tensor], training: Run) -> None:
        self.tensors, self.device = tensors, training.device
        self.met: dict[int, Any] = {0: training}

    def unpack(self, node: dict[str, Any], live: Any) -> Any:
        if "is" in node:
            return node["is"]
        if "same" in node:
            return live
        if "met" in node:
            return self.met[node["met"]]
        self.met[node["number"]] = live  # what is inside may mean the whole
        value = self.met[node["number"]] = self._new(node, live)
        return value

    def _new(self, node: dict[str, Any], live: Any) -> Any:
        match node:
            case {"tensor": number}:
                return self._tensor(self.tensors[number], live)
            case {"array": number}:
                return self.tensors[number].numpy().copy()
            case {"generator": number} if isinstance(live, torch.Generator):
                live.set_state(self.tensors[number])
                return live
            case {"optimizer": members} if isinstance(live, torch.optim.Optimizer):
                _fill_optimizer(live, {name: self.unpack(item, None) for name, item in members.items()})
                return live
            case {"dict": values, "keys": None} if isinstance(live, dict) and len(live) == len(values):
                for key, item in zip(live, values, strict=True):
                    live[key] = self.unpack(item, live[key])
                return live
            case {"dict": values, "keys": [*keys]}:
                there = live if isinstance(live, dict) else {}
                return {key: self.unpack(item, there.get(key)) for key, item in zip(keys, values, strict=True)}
            case {"list": values} | {"tuple": values}:
                there = live if isinstance(live, list | tuple) and len(live) == len(values) else [None] * len(values)
                found = [self.unpack(item, old) for item, old in zip(values, there, strict=True)]
                return found if "list" in node else tuple(found)
            case {"object": members} if live is not None and hasattr(live, "__dict__"):
                self._fill(live, members)
                return live
            case _:
                raise Unkept("the run has nothing to put it into")

    def _tensor(self, saved: Tensor, live: Any) -> Tensor:
        device = live.device if isinstance(live, Tensor) else self.device
        if isinstance(live, nn.Parameter):
            with torch.no_grad():  # in place: an optimizer holds it, and its order in memory stays
                live.copy_(saved)
            return live
        return saved.clone().to(device)

    def _fill(self, live: Any, members: dict[str, Any]) -> None:
        there = _members(live)
        for name, item in members.items():
            value = self.unpack(item, there.get(name))
            kind, _, inner = name.partition("/") if isinstance(live, nn.Module) else ("", "", name)
            if kind == "parameter":
                if value is not there.get(name):
                    raise Unkept(f"no parameter {inner}")
            elif kind == "buffer":
                live._buffers[inner] = value
            elif kind not in ("module", "random"):
                object.__setattr__(live, inner, value)
        if isinstance(live, _Global):
            torch.set_rng_state(live.cpu.cpu())
            if live.gpu is not None:
                torch.cuda.set_rng_state(live.gpu.cpu(), self.device)


def _members(value: Any) -> dict[str, Any]:
    # of a module its parameters, buffers and modules by these words, and what it holds beside them
    if not isinstance(value, nn.Module):
        return dict(vars(value))
    found = {f"parameter/{name}": item for name, item in value._parameters.items()}
    found |= {f"buffer/{name}": item for name, item in value._buffers.items()}
    found |= {f"module/{name}": item for name, item in value._modules.items()}
    own = {name: item for name, item in vars(value).items() if name not in OF_TORCH and not isinstance(item, Task)}
    random = {f"random/{name}": item.generator for name, item in vars(value).items() if isinstance(item, Task)}
    return found | random | {f"own/{name}": item for name, item in own.items()}


def _fill_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    optimizer.load_state_dict(state)
    # as training made them: in the order in memory of the weights, which fused steps take for granted
    for parameter, held in optimizer.state.items():
        for name, value in held.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                held[name] = torch.empty_like(parameter).copy_(value)
