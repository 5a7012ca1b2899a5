"""Where a cell runs: what it is told of that, and what its record says of it."""

import math
import os
import platform
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from bench.plugins.described import Described
from bench.results.record import Environment, Memory

PACKAGES = ("regression-bench", "torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "pandas")


@dataclass(frozen=True)
class RunContext:
    """Where and how a cell runs; none of it belongs to the key."""

    root: str  # of the data
    device: str = "cpu"
    threads: int = 1
    workers: int = 1
    git_sha: str | None = None
    git_dirty: bool | None = None
    results: str | None = None  # the folder of records, beside which models and checkpoints lie
    save_models: bool = False
    keep_features: bool = False  # of the test split, beside the predictions
    checkpoint_s: float = math.inf  # seconds between two checkpoints of a cell
    described: tuple[Described, ...] = ()  # datasets that this process knows by a description


def clock() -> float:
    """Seconds since some moment, those included in which the machine sleeps, as between two dates."""
    known = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))  # of Linux, of macOS
    return time.perf_counter() if known is None else time.clock_gettime(known)


def memory(device: str) -> Memory:
    """Peaks of this process so far."""
    gpu = device.startswith("cuda")
    return Memory(
        peak_rss_mb=_peak_rss_mb(),
        peak_gpu_allocated_mb=round(torch.cuda.max_memory_allocated() / 1e6, 1) if gpu else None,
        peak_gpu_reserved_mb=round(torch.cuda.max_memory_reserved() / 1e6, 1) if gpu else None,
    )


def _peak_rss_mb() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)


def environment(context: RunContext) -> Environment:
    """What this process runs on."""
    gpu = context.device.startswith("cuda")
    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda if gpu else None,
        cudnn=torch.backends.cudnn.version() if gpu else None,
        device=torch.cuda.get_device_name(context.device) if gpu else "cpu",
        cpu=_cpu(),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        cores=os.cpu_count() or 1,
        threads=context.threads,
        deterministic=not gpu or torch.are_deterministic_algorithms_enabled(),
        git_sha=context.git_sha,
        git_dirty=context.git_dirty,
        packages=packages(),
    )


@cache
def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def packages() -> dict[str, str]:
    """Versions of the packages that numbers depend on, as far as they are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
