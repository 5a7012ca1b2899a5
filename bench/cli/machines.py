"""The options that say on which machines cells train, and the executor that they ask for."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.executor import Executor
    from bench.runs.plan import Cell
    from bench.runs.surroundings import RunContext

Where = Callable[["Sequence[Cell]", "RunContext", float | None], "Executor"]

MOST_PER_CELL = 1024  # CPUs, and GPUs
ENGINES = ("local", "ray", "slurm")
OURS = (
    "array",
    "chdir",
    "error",
    "job_name",
    "nodes",
    "ntasks",
    "ntasks_per_node",
    "output",
    "parsable",
    "wrap",
)  # of sbatch

SeedsAtOnce = Annotated[
    int,
    typer.Option(
        "--seeds-at-once",
        metavar="N",
        help="Train up to N seeds of a row side by side in one process, with the same predictions in less time where "
        "networks are small and fully connected; others one by one.",
    ),
]
On = Annotated[
    str,
    typer.Option("--on", metavar="ENGINE", help="Where cells train: local, this machine, or ray or slurm, a cluster."),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray-address",
        metavar="ADDRESS",
        help="Join this Ray cluster, as 10.0.0.1:6379 or auto.  [default: start one on this machine]",
    ),
]
CpusPerCell = Annotated[
    float, typer.Option("--cpus-per-cell", metavar="N", help="CPUs that a cluster gives each cell.")
]
GpusPerCell = Annotated[
    float,
    typer.Option("--gpus-per-cell", metavar="N", help="GPUs that a cluster gives each cell; 0.25 puts four on one."),
]
Slurm = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm",
        metavar="KEY=VALUE",
        help="An option of sbatch, by its long name: partition=gpu, time=60 (minutes, after which a job is queued "
        "again). May be repeated.",
    ),
]


def where(
    on: str,
    jobs: int | None,
    device: str,
    cpus: float,
    gpus: float,
    ray_address: str | None,
    slurm: list[str] | None,
    results: Path,
    seeds_at_once: int = 1,
) -> Where | None:
    """Of --on and the options that belong to it: what makes its executor; None for this machine.

    Raises:
        BenchError: they cannot be read, or do not belong together.
    """
    if on not in ENGINES:
        raise BenchError(f"--on {on} is unknown; write {', '.join(ENGINES[:-1])} or {ENGINES[-1]}")
    belong = {
        "--cpus-per-cell": (cpus != 1, ENGINES[1:]),
        "--gpus-per-cell": (gpus != 0, ENGINES[1:]),
        "--ray-address": (ray_address is not None, ENGINES[1:2]),
        "--slurm": (bool(slurm), ENGINES[2:]),
        "--seeds-at-once": (seeds_at_once > 1, ENGINES[:1]),
    }
    for option, (given, engines) in belong.items():
        if given and on not in engines:
            raise BenchError(f"{option} is not for --on {on}; add --on {' or '.join(engines)}, or leave it out")
    if on == "local":
        return None
    if device != "auto":
        raise BenchError(f"--device {device} is for this machine; with --on {on} write --gpus-per-cell 1 for a GPU")
    if not 0 < cpus <= MOST_PER_CELL:
        raise BenchError(f"--cpus-per-cell {cpus:g} cannot be; write a number above 0, up to {MOST_PER_CELL}")
    if not 0 <= gpus <= MOST_PER_CELL:
        raise BenchError(f"--gpus-per-cell {gpus:g} cannot be; write a number from 0 to {MOST_PER_CELL}")
    if on == "ray":
        return _ray(jobs, cpus, gpus, ray_address)
    return _slurm(jobs, cpus, gpus, _sbatch(slurm or []), results)


def _ray(jobs: int | None, cpus: float, gpus: float, address: str | None) -> Where:
    if gpus > 1 and gpus != int(gpus):
        raise BenchError(f"--gpus-per-cell {gpus:g}: above 1 Ray hands out whole GPUs only")

    def executor(todo: "Sequence[Cell]", context: "RunContext", timeout: float | None) -> "Executor":
        from bench.runs import runner
        from bench.runs.ray_executor import RayExecutor

        return RayExecutor(context, address, cpus, gpus, timeout, runner.imports(todo), jobs)

    return executor


def _slurm(jobs: int | None, cpus: float, gpus: float, options: dict[str, str], results: Path) -> Where:
    for option, number in (("--cpus-per-cell", cpus), ("--gpus-per-cell", gpus)):
        if number != int(number):
            raise BenchError(f"{option} {number:g}: SLURM hands out whole ones only")

    def executor(todo: "Sequence[Cell]", context: "RunContext", timeout: float | None) -> "Executor":
        from bench.runs import runner
        from bench.runs.slurm_executor import SlurmExecutor

        return SlurmExecutor(context, results, options, int(cpus), int(gpus), timeout, runner.imports(todo), jobs)

    return executor


def _sbatch(items: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        key, equals, value = item.partition("=")
        key = key.replace("-", "_")
        if not equals or not re.fullmatch(r"[a-z][a-z_]{0,40}", key) or not value.isprintable() or not value.strip():
            raise BenchError(f"cannot read --slurm {item}; write --slurm KEY=VALUE, e.g. partition=gpu")
        if key in OURS:
            raise BenchError(f"--slurm {item}: the harness sets that itself")
        if key in found:
            raise BenchError(f"--slurm {key} is given twice; write each once")
        if key == "time" and not (value.isascii() and value.isdigit() and len(value) < 7 and int(value)):
            raise BenchError(f"--slurm {item}: write whole minutes, e.g. time=60")
        found[key] = value
    return found
