"""Whether what was measured of a training fits together: its times, its memory and what it ran on."""

import re
from collections.abc import Iterator
from datetime import datetime

from bench.evidence.facts import Facts
from bench.results.record import Environment, Record

SECOND = 0.01  # what times may be apart by rounding
SLACK = (10.0, 0.1)  # seconds, and a share, by which a cell may take longer than it says: files are read and written
WARM_UP = 10  # steps left out of the step times
SMALLEST = 50.0  # MB; a process that has loaded torch has several times that
DIGITS = {"wall_s": 3, "train_s": 3, "step_ms": 4, "step_ms_iqr": 4, "samples_per_s": 1}  # after the point
STEPS = ("step_ms", "step_ms_iqr", "samples_per_s")
VERSION = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*([+.-][0-9A-Za-z.+-]*)?", re.ASCII)
NEEDED = ("numpy", "torch")
Found = Iterator[tuple[str, str]]  # what, text


def of_measurements(record: Record, facts: Facts | None) -> Found:
    """What does not fit in the times, the memory and the environment of a finished record."""
    yield from (("timing", text) for text in _of_timing(record, facts))
    yield from (("history", text) for text in _of_digits(record))
    yield from (("memory", text) for text in _of_memory(record))
    if record.environment is not None:
        yield from (("environment", text) for text in _of_environment(record.environment, record.schema_version))


def _of_timing(record: Record, facts: Facts | None) -> Iterator[str]:
    timing = record.timing
    if timing.train_s is None:
        yield "it does not say how long it trained"
    where = record.environment
    if timing.step_clock == "processor" and where is not None and (where.device, where.threads) != ("cpu", 1):
        yield "the processor's time is told of one thread of a CPU alone"
    if not timing.workers or not timing.seeds_at_once:
        yield "no cell trains in no process"
    values = {name: getattr(timing, name) for name in DIGITS}
    if any(value is not None and round(value, DIGITS[name]) != value for name, value in values.items()):
        yield "its times have more digits than the harness writes"
    began, ended = datetime.fromisoformat(record.started), datetime.fromisoformat(record.finished)
    seconds, most = (ended - began).total_seconds(), timing.wall_s * max(timing.seeds_at_once, 1)
    if seconds > most * (1 + SLACK[1]) + SLACK[0]:
        yield f"from start to finish it took {seconds:.0f} s, and {most:.0f} s by its times"
    if any((values[name] is None) != record.is_reference for name in STEPS):
        yield "a reference has no steps, and any training times of a step"
    elif timing.step_ms is not None:
        yield from _of_steps(record, facts)


def _of_steps(record: Record, facts: Facts | None) -> Iterator[str]:
    # the samples of a step: a whole number, as exact as the digits of both
    step, rate = record.timing.step_ms or 0.0, record.timing.samples_per_s or 0.0
    if not step or not rate:
        yield "a step takes time"
        return
    samples, inexact = rate * step / 1e3, rate * step / 1e3 * (0.1 / rate + 1e-4 / step)
    least, most = 1, record.config["protocol"].get("batch_size") or float("inf")
    if facts is not None and facts.batch is not None:
        least = most = facts.batch
    if abs(samples - round(samples)) > inexact or not least - inexact <= samples <= most + inexact:
        yield f"{rate:g} samples a second are not those of a batch in {step:g} ms"
    # half of the steps took the median or longer
    if (steps := _steps(record, facts)) is not None:
        together = (steps - WARM_UP) / 2 * step / 1e3
        if record.history and together > record.history[-1].seconds * (1 + SLACK[1]) + SECOND:
            yield f"{steps} steps of {step:g} ms do not fit into its seconds"
        if record.skipped_batches > steps * len(record.config["method"]):
            yield f"it skipped {record.skipped_batches} batches of {steps}"


def _steps(record: Record, facts: Facts | None) -> int | None:
    # of all epochs up to the last one of each stage; None where nobody knows
    if facts is None or any(stage.steps_an_epoch is None for stage in facts.stages):
        return None
    last = {row.stage: row.epoch for row in record.history}
    return sum(last.get(stage.name, 0) * (stage.steps_an_epoch or 0) for stage in facts.stages)


def _of_digits(record: Record) -> Iterator[str]:
    values = {value for row in record.history for value in (row.loss, row.val) if value is not None}
    if [value for value in values if float(f"{value:.6g}") != value] or [
        row for row in record.history if round(row.seconds, 3) != row.seconds
    ]:
        yield "it has more digits than the harness writes"


def _of_memory(record: Record) -> Iterator[str]:
    memory = record.memory
    peaks = (memory.peak_rss_mb, memory.peak_gpu_allocated_mb, memory.peak_gpu_reserved_mb)
    if any(peak is not None and round(peak, 1) != peak for peak in peaks):
        yield "it has more digits than the harness writes"
    if peaks[0] is not None and peaks[0] < SMALLEST:
        yield f"torch alone takes more than {peaks[0]:g} MB"
    on_cpu = record.environment is None or record.environment.device == "cpu"
    if any((peak is None) != on_cpu for peak in peaks[1:]):
        yield "a GPU's memory is known where one trained, and nowhere else"
    elif (peaks[1] or 0) > (peaks[2] or 0):
        yield "more of a GPU's memory was allocated than reserved"


def _of_environment(there: Environment, schema: int) -> Iterator[str]:
    on_cpu = there.device == "cpu"
    if on_cpu and (there.cuda, there.cudnn) != (None, None):  # a GPU of AMD has no CUDA either
        yield "it ran on a CPU, and has CUDA"
    if on_cpu and not there.deterministic:
        yield "a CPU is always deterministic"
    if not there.cores or not there.threads:
        yield "nothing runs without a core and a thread"
    if (there.git_sha is None) != (there.git_dirty is None):
        yield "whether files were changed is known of a commit, and of nothing else"
    if schema > 1 and not there.cpu_capability:
        yield "it does not say the instruction set"
    versions = [there.python, there.torch, *there.packages.values()]
    if missing := [name for name in NEEDED if name not in there.packages]:
        yield f"its packages lack {', '.join(missing)}"
    elif not all(map(VERSION.fullmatch, versions)):
        yield "a version is none"
    elif there.packages["torch"].partition("+")[0] != there.torch.partition("+")[0]:
        yield f"it has torch {there.torch}, and the package {there.packages['torch']}"
