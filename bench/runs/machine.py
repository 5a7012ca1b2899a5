"""What this machine offers a run: its devices, and how many cells it trains at a time."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cores import available_cores
from bench.errors import BenchError

GPU_NODES = ("nvidia*", "nvhost*", "nvgpu*", "nvmap", "kfd", "dxg")  # of Linux drivers below /dev; torch needs one


def devices(name: str) -> list[str]:
    """The torch devices that a name stands for."""
    if not re.fullmatch(r"auto|cpu|cuda|cuda:[0-9]{1,4}", name):
        raise BenchError(f"no device '{name}'; write auto, cpu, cuda or cuda:0")
    if name == "cpu":
        return [name]
    import torch

    if name in ("auto", "cuda"):
        found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        if name == "cuda" and not found:
            raise BenchError("no GPU here that torch sees; use --device cpu")
        return found or ["cpu"]
    if torch.cuda.device_count() <= int(name.removeprefix("cuda:")):
        raise BenchError(f"no device '{name}' here: torch sees {torch.cuda.device_count()} GPUs; use --device cpu")
    return [name]


def foreseen_devices(name: str) -> list[str]:
    """As `devices`, without importing torch where the answer is plain: the CPU, or a machine with no GPU's driver."""
    plain = name == "cpu" or (name == "auto" and sys.platform == "linux" and not _gpu_nodes(Path("/dev")))
    return ["cpu"] if plain else devices(name)


def at_a_time(cells: int, jobs: int | None, devices: Sequence[str], per_device: int) -> int:
    """Workers for so many cells: one a core on the CPU, `per_device` a GPU, unless told otherwise; at least one."""
    workers = jobs or (available_cores() if list(devices) == ["cpu"] else per_device * len(devices))
    return min(workers, cells) or 1


def _gpu_nodes(folder: Path) -> list[Path]:
    return [path for pattern in GPU_NODES for path in folder.glob(pattern)]
