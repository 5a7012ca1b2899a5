"""Cells on a SLURM cluster: an array of jobs that claim them, on a results folder that all nodes see.

Submission, and queueing again at a time limit, are submitit's. What a job trains when it is interrupted is its own
again once SLURM has it run anew; what a job that is gone leaves behind goes to another one. Extra
`regression-bench[slurm]`.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

from bench.atomic import replace_file
from bench.errors import BenchError
from bench.results.intake import of_cell
from bench.results.reading import Unreadable
from bench.results.store import path_of
from bench.runs import remote
from bench.runs.executor import Ended, Progress, Started
from bench.runs.plan import Cell
from bench.runs.shared_queue import FOLDER, SharedQueue, runs
from bench.runs.surroundings import RunContext
from bench.runs.worker import Finished, failure

POLL_S = 1.0
ASK_S = 15.0  # between two questions to SLURM, which serves everybody
TELL_S = 5.0  # between two words on a cell's progress
FRESH_S = 30.0  # in which a claim is its holder's though SLURM does not know the job yet, or its name is not written
LONGEST_MIN = 24 * 60  # of a job, unless told otherwise
MOST_JOBS = 100  # of an array, unless told otherwise
SETTLE_S = 3.0  # in which a job that is being ended hears of it, so that its cell is not taken for one that crashed
ARRAY = "array"  # the file with the number of the jobs' array
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE")


class Work:
    """What each job of an array does; called again as it is once it was interrupted."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self) -> None:
        """Claim and train cells until none is left."""
        signal.signal(signal.SIGTERM, _leave)  # submitit goes on until SLURM kills it
        work(SharedQueue(Path(self.folder)), holder())

    def checkpoint(self) -> Any:
        """What submitit queues again."""
        from submitit.helpers import DelayedSubmission  # pyright: ignore[reportMissingImports]

        return DelayedSubmission(self)


def work(queue: SharedQueue, me: str) -> None:
    """Claim and train cells until none is left.

    Args:
        me: the job that does it.
    """
    context, timeout, imports = queue.asked
    for number in chain(queue.interrupted(me), iter(lambda: queue.claim(me), None)):
        told = 0.0
        try:
            for event in remote.train(queue.cells[number], context, timeout, imports):
                if isinstance(event, Progress) and time.monotonic() - told > TELL_S:
                    queue.tell(number, event.at)
                    told = time.monotonic()
                if isinstance(event, Ended):
                    if event.finished.record.status == "killed":
                        time.sleep(SETTLE_S)
                    queue.finish(number, event.finished)
        except BenchError as error:
            queue.release(number)
            queue.refuse(str(error))
            raise


def holder() -> str:
    """The name of the job that this process is in, the same when SLURM runs it again."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID", str(os.getpid()))


def _leave(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


@dataclass
class _Run:
    queue: SharedQueue
    wanted: dict[int, Cell]  # those that this run asks for and that have not ended yet
    begun: set[int] = field(default_factory=set[int])
    own: bool = False  # submitted by this process

    def __post_init__(self) -> None:
        self.asked = frozenset(self.wanted)


class SlurmExecutor:
    """An array of jobs on the cluster of this login node.

    Args:
        context: data root, results folder and what the record says of the checkout.
        results: folder of the records, which all nodes see.
        options: of sbatch, by their long names with underscores.
        cpus, gpus: of each cell, whole numbers.
        timeout: seconds after which a cell is ended; None never.
        imports: modules that the cells need beside what all need.
        jobs: cells at a time; None up to `MOST_JOBS`.

    Raises:
        BenchError: submitit or SLURM is not there.
    """

    devices: Sequence[str] = ("cpu",)  # of the machine that asks

    def __init__(
        self,
        context: RunContext,
        results: Path,
        options: Mapping[str, str],
        cpus: int = 1,
        gpus: int = 0,
        timeout: float | None = None,
        imports: Sequence[str] = (),
        jobs: int | None = None,
    ) -> None:
        self.jobs, self.options, self.cpus, self.gpus = jobs or MOST_JOBS, dict(options), cpus, gpus
        self.context = replace(context, threads=cpus, device="cuda" if gpus else "cpu")
        self.timeout, self.imports, self.results = timeout, list(imports), results.absolute()
        self.submitit = _submitit()

    def run(self, todo: Sequence[Cell]) -> Iterator[Started | Progress | Ended]:
        """Run all cells. What an earlier run has left in the queue, done or running, is not trained twice."""
        waiting = {cell.key: cell for cell in todo}
        there = [run for queue in runs(self.results) if (run := _Run(queue, _share(queue, waiting))).wanted]
        losses, asked = Counter[str](), 0.0
        try:
            while waiting or any(run.wanted for run in there):
                for run in there:
                    yield from self._news(run)
                if time.monotonic() - asked > ASK_S:
                    for run in there:
                        run.queue.require_willing()
                        yield from self._lost(run, waiting, losses)
                    if waiting:
                        there.append(self._submit(waiting))
                    asked = time.monotonic()
                time.sleep(POLL_S)
        finally:
            for run in there:
                self._end(run)

    def _news(self, run: _Run) -> Iterator[Started | Progress | Ended]:
        done = run.queue.done()
        for number in run.queue.claimed():
            if number in run.wanted and number not in run.begun:
                run.begun.add(number)
                yield Started(run.wanted[number])
        for number in [number for number in run.begun if number in run.wanted]:
            if number in done:
                yield Ended(run.wanted.pop(number), run.queue.finished(number))
            elif at := run.queue.told(number):
                yield Progress(run.wanted[number], at)

    def _lost(self, run: _Run, waiting: dict[str, Cell], losses: Counter[str]) -> Iterator[Ended]:
        # cells that no job has or will take: they wait for a new array
        if not run.wanted:
            return
        try:
            alive = alive_jobs(run.queue)
        except BenchError:  # a busy controller is no lost job
            return
        claims, done = run.queue.claims(), run.queue.done()
        for number, cell in list(run.wanted.items()):
            claim = claims.get(number)
            held = alive if claim is None else claim.holder in alive or time.time() - claim.since < FRESH_S
            if number in done or held:
                continue
            del run.wanted[number]
            run.begun.discard(number)
            losses[cell.key] += 1
            if losses[cell.key] <= remote.LOSSES:
                waiting[cell.key] = cell
                continue
            message = f"its job ended {remote.LOSSES + 1} times before it did; see the logs in {run.queue.folder}/jobs"
            yield Ended(cell, Finished(failure(cell, "killed", message, datetime.now(UTC), 0.0)))

    def _submit(self, waiting: dict[str, Cell]) -> _Run:
        folder = self.results / FOLDER / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        queue = SharedQueue.make(folder, list(waiting.values()), self.context, self.timeout, self.imports)
        try:
            array = self._array(folder, min(self.jobs, len(waiting)))
        except Exception as error:  # submitit's own, or what sbatch says
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # other runs are in it
                folder.parent.rmdir()
            raise BenchError(f"SLURM takes no jobs: {remote.last_line(error)}") from None
        replace_file(folder / ARRAY, array.encode())
        run = _Run(queue, dict(enumerate(waiting.values())), own=True)
        waiting.clear()
        return run

    def _array(self, folder: Path, number: int) -> str:
        executor = self.submitit.SlurmExecutor(folder / "jobs")
        own = executor._valid_parameters()
        given: dict[str, Any] = {**self.options, "time": int(self.options.get("time", LONGEST_MIN))}
        more = {key.replace("_", "-"): value for key, value in given.items() if key not in own}
        executor.update_parameters(
            job_name="bench",
            cpus_per_task=self.cpus,
            **({"gpus_per_node": self.gpus} if self.gpus else {}),
            **{key: value for key, value in given.items() if key in own},
            additional_parameters={"requeue": True, **more},
        )
        with executor.batch():
            jobs = [executor.submit(Work(str(folder))) for _ in range(number)]
        return jobs[0].job_id.partition("_")[0]

    def _end(self, run: _Run) -> None:
        # jobs of another run go on, and what nobody has taken yet stays
        with contextlib.suppress(BenchError, OSError):
            queue = run.queue
            if run.own:
                array = (queue.folder / ARRAY).read_text().strip()
                subprocess.run(["scancel", array], capture_output=True, timeout=60)  # noqa: S607
            taken = all(n in run.asked or self._has(queue.cells[n]) for n in queue.done())
            if not run.wanted and taken and (run.own or not alive_jobs(queue)):
                shutil.rmtree(queue.folder, ignore_errors=True)
                queue.folder.parent.rmdir()

    def _has(self, cell: Cell) -> bool:
        try:
            record = of_cell(path_of(self.results, cell.dataset, cell.method, cell.seed))
        except Unreadable:
            return False
        return record is not None and record.key == cell.key


def _share(queue: SharedQueue, waiting: dict[str, Cell]) -> dict[int, Cell]:
    # what a queue has of what is wanted, which then waits no more
    return {number: waiting.pop(cell.key) for number, cell in enumerate(queue.cells) if cell.key in waiting}


def alive_jobs(queue: SharedQueue) -> dict[str, str]:
    """Job -> state, of those of a run that run or wait.

    Raises:
        BenchError: SLURM does not answer.
    """
    try:
        array = (queue.folder / ARRAY).read_text().strip()
    except FileNotFoundError:
        return {}  # its array was never submitted
    except OSError as error:
        raise BenchError(f"{queue.folder / ARRAY}: {error.strerror}") from None
    said = _ask(["squeue", "--noheader", "--array", "--jobs", array, "--format", "%i %T"])
    states = dict(line.split(maxsplit=1) for line in said.splitlines() if " " in line)
    return {job: state for job, state in states.items() if state not in ENDED}


def _submitit() -> Any:
    try:
        import submitit  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise BenchError("--on slurm needs submitit; run pip install 'regression-bench[slurm]'") from None
    if shutil.which("sbatch") is None:
        raise BenchError("no sbatch here; run on a login node of the SLURM cluster")
    _ask(["squeue", "--noheader", "--name", "bench"])
    return submitit


def _ask(words: list[str]) -> str:
    # what SLURM says; by itself it writes many lines to standard error where its controller is not there
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise BenchError(f"no {error.filename} here; ask on a login node of the SLURM cluster") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"SLURM does not answer: {remote.last_line(error)}") from None
    if said.returncode and "Invalid job id" not in said.stderr:
        raise BenchError(f"SLURM does not answer: {said.stderr.strip().rpartition(chr(10))[2]}")
    return said.stdout
