"""The options that say on which machines cells train, and the executor that they ask for."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.executor import Executor
    from bench.runs.plan import Cell
    from bench.runs.worker import RunContext

Where = Callable[["Sequence[Cell]", "RunContext", float | None], "Executor"]

MOST_PER_CELL = 1024  # CPUs, and GPUs
ENGINES = ("local", "ray")

On = Annotated[
    str,
    typer.Option("--on", metavar="ENGINE", help="Where cells train: local, this machine, or ray, a Ray cluster."),
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


def where(on: str, jobs: int | None, device: str, ray_address: str | None, cpus: float, gpus: float) -> Where | None:
    """Of --on and the options that belong to it: what makes its executor; None for this machine.

    Raises:
        BenchError: they cannot be read, or do not belong together.
    """
    if on not in ENGINES:
        raise BenchError(f"--on {on} is unknown; write {' or '.join(ENGINES)}")
    if on == "local":
        given = {"--ray-address": ray_address is not None, "--cpus-per-cell": cpus != 1, "--gpus-per-cell": gpus != 0}
        if unused := [option for option, value in given.items() if value]:
            raise BenchError(f"{unused[0]} is for clusters; add --on ray")
        return None
    if device != "auto":
        raise BenchError(f"--device {device} is for this machine; with --on {on} write --gpus-per-cell 1 for a GPU")
    if not 0 < cpus <= MOST_PER_CELL:
        raise BenchError(f"--cpus-per-cell {cpus:g} cannot be; write a number above 0, up to {MOST_PER_CELL}")
    if not 0 <= gpus <= MOST_PER_CELL:
        raise BenchError(f"--gpus-per-cell {gpus:g} cannot be; write a number from 0 to {MOST_PER_CELL}")
    if gpus > 1 and gpus != int(gpus):
        raise BenchError(f"--gpus-per-cell {gpus:g}: above 1 Ray hands out whole GPUs only")

    def ray(todo: "Sequence[Cell]", context: "RunContext", timeout: float | None) -> "Executor":
        from bench.runs import runner
        from bench.runs.ray_executor import RayExecutor

        return RayExecutor(context, ray_address, cpus, gpus, timeout, runner.imports(todo), jobs)

    return ray
