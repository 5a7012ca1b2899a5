"""Records: the file that a finished or failed cell leaves, written whole and then renamed.

Predictions lie beside the records, in one file a row: the array `seed-0` of the test split, `seed-0/val` of validation.
Features of the test split, where a run was asked to keep them, lie in a file of each seed, `features-0.npz`.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict

Status = Literal["ok", "diverged", "oom", "timeout", "killed", "error"]
FAILURES: tuple[Status, ...] = ("diverged", "oom", "timeout", "killed", "error")
MOST = 2**53  # of whole numbers: every reader of JSON has those up to here
Whole = Annotated[int, Ge(0), Le(MOST)]
Amount = Annotated[float, Ge(0)]
Region = dict[str, Annotated[int, Ge(-MOST), Le(MOST)] | float | None]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Selection(_Part):
    """The epoch that validation chose, and the value it had."""

    metric: str
    epoch: Whole
    value: float


class Epoch(_Part):
    """One validation: mean training loss since the last one, the selecting metric, seconds since the start."""

    epoch: Whole
    loss: float | None
    val: float | None
    seconds: Amount
    stage: str | None = None


class Hashes(_Part):
    """SHA-256 of predictions over little-endian float32 in row order.

    `columns`: further ones such as "deviation", each with its SHA-256.
    """

    sha256: str
    columns: dict[str, str] = {}


class Features(Hashes):
    """The file beside the record that holds features of its test split, and their hashes.

    `columns`: "labels" of its rows, "start": their features by the first weights, "head": the weight of a linear head,
    "heads" and "steps": its course through training, "course": that of narrow features, after "epochs", "iterations".
    """

    file: str


class Predictions(Hashes):
    """The file beside the record that holds its predictions, and the hashes of those on the test split.

    `val`: of those on the validation split; schema 1 did not keep them. `features`: where they were asked for.
    """

    file: str
    val: Hashes | None = None
    features: Features | None = None


class Timing(_Part):
    """Seconds of the whole cell and of training; milliseconds a step after warm-up."""

    wall_s: Amount
    train_s: Amount | None = None
    step_ms: Amount | None = None
    step_ms_iqr: Amount | None = None
    samples_per_s: Amount | None = None
    step_clock: Literal["wall", "processor"] = "wall"  # what timed the steps; the processor's is that of one thread
    workers: Whole = 1  # cells that shared the machine
    seeds_at_once: Whole = 1  # that trained side by side in one process; the times are this one's share


class Memory(_Part):
    """Peak memory in MB (10^6 bytes)."""

    peak_rss_mb: Amount | None = None
    peak_gpu_allocated_mb: Amount | None = None
    peak_gpu_reserved_mb: Amount | None = None


class Environment(_Part):
    """What the cell ran on; no host name and no path."""

    python: str
    torch: str
    cuda: str | None
    cudnn: Whole | None
    device: str
    cpu: str
    cpu_capability: str | None = None  # instruction set of torch's kernels, e.g. AVX2; schema 1 did not say
    cores: Whole
    threads: Whole
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
    seed: Whole
    status: Status
    config: dict[str, Any]
    data_fingerprint: str
    metrics: dict[Literal["val", "test"], dict[str, Region]] = {}
    selection: Selection | None = None
    history: list[Epoch] = []
    predictions: Predictions | None = None
    skipped_batches: Whole = 0
    unconverged_batches: Whole = 0
    timing: Timing
    memory: Memory = Memory()
    environment: Environment | None = None
    started: str
    finished: str
    error: str | None = None
    checksum: str | None = None  # SHA-256 of all else in the file; schema 1 had none

    @property
    def cell(self) -> str:
        """Dataset, method and seed in one text, as the results folder has them."""
        return f"{self.dataset}/{self.method}/{self.seed}"

    @property
    def is_reference(self) -> bool:
        """Whether it is of a reference: no protocol trained it."""
        return is_of_reference(self.config)

    @property
    def reason(self) -> str:
        """Why it failed, in one line; empty where it did not."""
        return (self.error or "").strip().rpartition("\n")[2]

    @property
    def path(self) -> str:
        """Where it lies below the results folder."""
        return f"{self.dataset}/{self.method}/seed-{self.seed}.json"


def is_of_reference(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of a reference: no protocol trains it."""
    return config.get("protocol") == {}


def schema() -> str:
    """The JSON Schema of a record."""
    return json.dumps(Record.model_json_schema(), indent=1) + "\n"
