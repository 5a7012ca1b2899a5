"""What a training step of each method costs on a dataset; each method in a process of its own, as memory has peaks."""

import json
import math
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import torch
from tabulate import tabulate
from torch import Tensor

from bench.dataset import Split
from bench.errors import BenchError
from bench.leaderboard.format import NONE, short
from bench.method import Stage
from bench.plugins import resolve
from bench.protocol import Protocol, with_protocol
from bench.runs.processes import ending, start, stop
from bench.runs.surroundings import RunContext, environment, memory
from bench.stack import overrides
from bench.training.loop import WARM_UP, Training
from bench.training.stopwatch import Stopwatch

# minutes and MB of the baseline, MT, ROT-Reg and both on AgeDB-DIR at batch 128: Zhang et al., ICLR 2025, Table 6
PUBLISHED = {"baseline": (65, 14433), "mt": (70, 14457), "rot_reg": (74, 14587), "mt+rot_reg": (82, 14689)}
REPEATS = 10


@dataclass(frozen=True)
class Cost:
    """Of one method; the first stage is what a step is timed in.

    Args:
        share: of the regularizer's forward and backward pass in the step; None without one.
        forward_ms: the part of a step up to its loss: augmentation, network, and the method's own terms.
        full_s: estimate for the whole protocol, validation and epoch-end passes included.
    """

    method: str
    batch: int
    step_ms: float
    step_ms_iqr: float
    samples_per_s: float
    share: float | None
    forward_ms: float
    full_s: float
    peak_rss_mb: float | None
    peak_gpu_allocated_mb: float | None
    peak_gpu_reserved_mb: float | None


def measure(
    dataset: str, methods: Sequence[str], overrides: Mapping[str, Any], steps: int, root: Path, device: str
) -> dict[str, Any]:
    """Costs of all methods, one after another, and the state of the machine that they were taken on."""
    context = RunContext(str(root), device, threads=torch.get_num_threads())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    found = [_alone(dataset, name, dict(overrides), steps, context) for name in methods]
    return {
        "dataset": dataset,
        "overrides": dict(overrides),
        "steps": steps,
        "load_before": load,
        "environment": found[0][1],
        "costs": [asdict(cost) for cost, _ in found],
    }


def cost_table(profile: Mapping[str, Any]) -> str:
    """The profile as markdown, with ratios to the baseline; the published ones beside those on AgeDB-DIR."""
    costs = [Cost(**cost) for cost in profile["costs"]]
    base = next((cost for cost in costs if cost.method == "baseline"), None)
    rows = []
    for cost in costs:
        size = "peak_gpu_allocated_mb" if cost.peak_gpu_allocated_mb else "peak_rss_mb"
        sizes = (cost.peak_rss_mb, cost.peak_gpu_allocated_mb, cost.peak_gpu_reserved_mb)
        rows.append(
            (
                cost.method,
                f"{cost.step_ms:.2f} ({cost.step_ms_iqr:.2f})",
                f"{cost.forward_ms:.2f}",
                short(cost.samples_per_s),
                NONE if cost.share is None else f"{100 * cost.share:.0f}%",
                f"{cost.full_s / 60:.1f}",
                *(short(math.nan if value is None else value) for value in sizes),
                _ratio(cost, base, "step_ms"),
                _ratio(cost, base, size),
                *_published(cost.method),
            )
        )
    heads = ["method", "step ms (IQR)", "forward ms", "samples/s", "regularizer", "full run min", "RSS MB", "GPU MB"]
    heads += ["GPU reserved MB", "step ratio", "memory ratio", "published time ratio", "published memory ratio"]
    notes = [f"{profile['dataset']}, batch {costs[0].batch}, medians of {profile['steps']} steps after {WARM_UP} more"]
    at, load = profile["environment"], profile["load_before"]
    machine = f"{at['cpu']}, {at['threads']} threads" if at["device"] == "cpu" else at["device"]
    notes.append(f"torch {at['torch']}, {machine}" + ("" if load is None else f"; load average before: {load:.2f}"))
    if profile["dataset"].startswith("agedb"):
        notes.append("published: Zhang et al., Improving Deep Regression with Tightness, Table 6, at batch 128")
    else:
        rows, heads = [row[:-2] for row in rows], heads[:-2]
    drawn = tabulate(rows, heads, "github", disable_numparse=True, colalign=("left", *("right",) * (len(heads) - 1)))
    return "\n".join((drawn, "", *(f"- {note}" for note in notes)))


def text(profile: Mapping[str, Any]) -> str:
    """The profile as JSON, for a file."""
    return json.dumps(profile, indent=1) + "\n"


def _alone(*job: Any) -> tuple[Cost, dict]:
    process, pipe = start(multiprocessing.get_context("spawn"), _send, *job)
    try:
        found = pipe.recv()
    except EOFError:
        process.join()
        raise BenchError(f"{job[1]} on {job[0]} could not be measured: {ending(process.exitcode or 0)}") from None
    finally:
        stop(process)
    if isinstance(found, BenchError):
        raise found
    return found


def _send(pipe: Connection, *job: Any) -> None:
    try:
        pipe.send(_measured(*job))
    except BenchError as error:
        pipe.send(error)


def _measured(dataset: str, name: str, changes: dict[str, Any], steps: int, context: RunContext) -> tuple[Cost, dict]:
    torch.set_num_threads(context.threads)
    device = torch.device(context.device)
    on = resolve.dataset(dataset, changes)
    named, splits, protocol = resolve.method(name, on), on.dataset.load(Path(context.root)), on.protocol
    rows = len(splits.train)
    batch = min(protocol.batch_size or rows, rows)
    # as few samples as the steps need, seen as often as it takes
    few = min(rows, batch * (steps + WARM_UP))
    epochs = math.ceil((steps + WARM_UP) / _steps(few, protocol))
    brief = {"protocol.epochs": epochs, "protocol.validate_every": epochs, "protocol.validate_steps": None}
    summary = None if splits.reference_rows is None else torch.arange(min(few, len(splits.reference_rows)))
    part = replace(splits, train=_first(splits.train, few), val=_first(splits.val, batch), reference_rows=summary)
    method = named.build_method()
    training = Training(on.dataset, protocol, part, method, 0, device, changes={**changes, **brief})
    taken = training.fit().step_s
    stages = method.stages(protocol)
    forward = _timed(lambda: training.predict(part.val), device) / len(part.val)
    passed = rows if splits.reference_rows is None else len(splits.reference_rows)
    full = protocol.epochs * passed * forward * overrides(method, "epoch_end")
    times = []
    for stage in stages:
        own = with_protocol(protocol, {**stage.changes, **changes})
        count = epochs * _steps(few, own)
        times.append(taken[WARM_UP:count])
        taken = taken[count:]
        total = own.epochs * _steps(rows, own)
        checks = total / own.validate_steps if own.validate_steps else own.epochs / own.validate_every
        full += total * median(times[-1]) + checks * len(splits.val) * forward
    step = median(times[0])
    low, _, high = quantiles(times[0], n=4)
    index = None if protocol.batch_size is None else torch.arange(batch)
    to_loss = _timed(lambda: training.loss(training.batch(index, stages[0], 1), stages[0]), device)
    share = _regularizer(training, index, stages[0], device) / step if overrides(method, "regularizer") else None
    peaks = memory(context.device).model_dump()
    times_ms = 1e3 * step, 1e3 * (high - low)
    cost = Cost(named.name, batch, *times_ms, batch / step, share, 1e3 * to_loss, full, **peaks)
    return cost, environment(context).model_dump()


def _regularizer(training: Training, index: Tensor | None, stage: Stage, device: torch.device) -> float:
    # forward, and backward to what it is given
    batch = training.batch(index, stage, 1)
    given = [batch.z] if batch.views is None else [batch.z, batch.views.z]

    def once() -> None:
        term = training.method.regularizer(batch)
        if term.requires_grad:
            torch.autograd.grad(term, given, retain_graph=True, allow_unused=True)

    return _timed(once, device)


def _timed(call: Callable[[], object], device: torch.device) -> float:
    # median seconds of a call, the device's work included
    watch = Stopwatch(device)
    for _ in range(REPEATS):
        began = watch.now()
        call()
        watch.step(began)
    return median(watch.read())


def _steps(rows: int, protocol: Protocol) -> int:
    return math.ceil(rows / (protocol.batch_size or rows))


def _first(split: Split, rows: int) -> Split:
    index = torch.arange(min(rows, len(split)))
    mask = None if split.mask is None else split.mask[index]
    regions = None if split.regions is None else split.regions[: len(index)]
    return replace(
        split, x=split.x[index], labels=split.labels[index], mask=mask, regions=regions
    )  # still of its own kind


def _ratio(cost: Cost, base: Cost | None, key: str) -> str:
    ours, theirs = getattr(cost, key), base and getattr(base, key)
    return f"{ours / theirs:.2f}×" if ours and theirs else NONE


def _published(method: str) -> tuple[str, ...]:
    pairs = zip(PUBLISHED.get(method, ()), PUBLISHED["baseline"], strict=False)
    return tuple(f"{ours / theirs:.2f}×" for ours, theirs in pairs) or (NONE, NONE)
