"""Records: the file that a finished or failed cell leaves, written whole and then renamed.

Predictions on the test split lie beside the records, one compressed array a seed in one file a row.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["ok", "diverged", "oom", "timeout", "killed", "error"]
FAILURES: tuple[Status, ...] = ("diverged", "oom", "timeout", "killed", "error")
Region = dict[str, int | float | None]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Part):
    """The epoch that validation chose, and the value it had."""

    metric: str
    epoch: int
    value: float


class Epoch(_Part):
    """One validation: mean training loss since the last one, the selecting metric, seconds since the start."""

    epoch: int
    loss: float | None
    val: float | None
    seconds: float
    stage: str | None = None


class Predictions(_Part):
    """Test predictions: SHA-256 over little-endian float32 in row order, and the file that holds them.

    `columns`: further ones such as "deviation", each with its SHA-256.
    """

    file: str
    sha256: str
    columns: dict[str, str] = {}


class Timing(_Part):
    """Seconds of the whole cell and of training; milliseconds a step after warm-up."""

    wall_s: float
    train_s: float | None = None
    step_ms: float | None = None
    step_ms_iqr: float | None = None
    samples_per_s: float | None = None
    workers: int = 1  # cells that shared the machine


class Memory(_Part):
    """Peak memory in MB (10^6 bytes)."""

    peak_rss_mb: float | None = None
    peak_gpu_allocated_mb: float | None = None
    peak_gpu_reserved_mb: float | None = None


class Environment(_Part):
    """What the cell ran on; no host name and no path."""

    python: str
    torch: str
    cuda: str | None
    cudnn: int | None
    device: str
    cpu: str
    cpu_capability: str | None = None  # instruction set of torch's kernels, e.g. AVX2; schema 1 did not say
    cores: int
    threads: int
    deterministic: bool
    git_sha: str | None
    git_dirty: bool | None
    packages: dict[str, str]


class Record(_Part):
    """One cell = method x dataset x seed. `metrics[split][region][metric]` is a number or null."""

    schema_version: Literal[1, 2] = 2
    key: str
    dataset: str
    method: str
    seed: int
    status: Status
    config: dict[str, Any]
    data_fingerprint: str
    metrics: dict[Literal["val", "test"], dict[str, Region]] = {}
    selection: Selection | None = None
    history: list[Epoch] = []
    predictions: Predictions | None = None
    skipped_batches: int = 0
    unconverged_batches: int = 0
    timing: Timing
    memory: Memory = Memory()
    environment: Environment | None = None
    started: str
    finished: str
    error: str | None = None


def schema() -> str:
    """The JSON Schema of a record."""
    return json.dumps(Record.model_json_schema(), indent=1) + "\n"
