"""Benchmarks of the project itself: the harness beside the training it does, the regularizers beside `cdist`."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import torch
from tabulate import tabulate
from torch.nn.functional import mse_loss

from bench import plugins
from bench.method import Batch, Task, Views
from bench.plugins import resolve
from bench.testing.toy import Toy
from bench.training.loop import Training

STEPS = 2000
PAIRS = 15


def harness() -> str:
    """A markdown table: training a coordinate cell through the engine against a bare PyTorch loop.

    Both do the same steps from the same weights (forward, loss, backward, fused AdamW) in one process on one thread,
    in turn; validation runs every 100 steps in both. The figure to read is the median ratio.
    """
    torch.set_num_threads(1)
    on = resolve.dataset("circle", {"protocol.epochs": STEPS})
    splits = on.dataset.load(Path())

    def training(seed: int) -> Training:
        method = resolve.method("baseline", on).build_method()
        return Training(on.dataset, on.protocol, splits, method, seed, torch.device("cpu"))

    def bare(seed: int) -> float:
        network = training(seed).network
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
        x, y, x_val, y_val = splits.train.x, splits.train.labels, splits.val.x, splits.val.labels
        best, kept = float("inf"), {}
        began = perf_counter()
        for step in range(1, STEPS + 1):
            loss = mse_loss(network(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 100 == 0:
                with torch.no_grad():
                    value = mse_loss(network(x_val), y_val).item()
                if value < best:
                    best, kept = value, {key: tensor.clone() for key, tensor in network.state_dict().items()}
        network.load_state_dict(kept)
        return perf_counter() - began

    training(0).fit()
    bare(0)
    rows, ratios = [], []
    for seed in range(PAIRS):
        ours, theirs = training(seed).fit().train_s, bare(seed)
        ratios.append(ours / theirs)
        rows.append((seed, f"{1e3 * ours / STEPS:.4f}", f"{1e3 * theirs / STEPS:.4f}", f"{ratios[-1]:.3f}"))
    low, _, high = quantiles(ratios, n=4)
    summary = (
        f"median ratio {median(ratios):.3f} (quartiles {low:.3f} to {high:.3f}) over {PAIRS} pairs of {STEPS} steps"
    )
    return tabulate(rows, ("seed", "harness ms/step", "bare loop ms/step", "ratio"), "github") + f"\n\n{summary}"


SIZES = ((64, 2048, 1), (128, 2048, 1), (256, 2048, 1), (256, 128, 1), (100, 100, 3))  # B, D, T
REPEATS = 30


def losses() -> str:
    """A markdown table: median forward + backward of every regularizer in milliseconds, and its ratio to `cdist`.

    The plain `torch.cdist` and backward runs on features of the same kind in the same process, in turn with the
    regularizer, so that the ratio means the same on any machine. Labels are whole ages, or points in space for three
    targets; the sampling of rows is part of the time, a projector of the method's own too. Two batches alternate, so
    that nothing kept from the last step serves the next one.
    """
    # a method that fills the features slot too has no term of its own to time
    names = [s.name for s in plugins.sources("method") if "regularizer" in s.hooks and "features" not in s.hooks]
    heads = [f"{rows} x {width}, {targets} target{'s' * (targets > 1)}" for rows, width, targets in SIZES]
    rows = [("cdist", *(f"{_paired(plain := _distances(*size[:2]), plain)[0]:.2f}" for size in SIZES))]
    rows += [(name, *(_cell(name, *size) for size in SIZES)) for name in names]
    note = f"milliseconds (ratio to cdist), median of {REPEATS}, float32, {torch.get_num_threads()} threads"
    return tabulate(rows, ("regularizer", *heads), "github", disable_numparse=True) + f"\n\n{note}"


def _cell(name: str, rows: int, width: int, targets: int) -> str:
    toy = Toy(targets)
    on = resolve.NamedDataset("toy", "toy", {}, toy, toy.protocol)
    named = resolve.method(name, on)
    if named.refusal(toy):
        return "–"
    method, rng = named.build_method(), torch.Generator().manual_seed(0)
    labels = torch.randint(20, 80, (2 * rows, targets), generator=rng).float()
    method.prepare(Task(labels, labels, 0.0, 1.0, width, toy.bins, toy.protocol, rng))
    batches = []
    for y in labels.split(rows):
        z = torch.randn(rows * max(method.views, 1), width, generator=rng).relu_().requires_grad_()
        y_hat = y + torch.randn(y.shape, generator=rng)
        views = Views(z, y_hat.repeat(method.views, 1)) if method.views else None
        batches.append((z, Batch(y, None, z[:rows], y_hat, y, lambda outputs: outputs, views=views)))
    turn = cycle(batches)

    def step() -> None:
        leaf, batch = next(turn)
        leaf.grad = None
        method.regularizer(batch).backward(retain_graph=True)

    ours, theirs = _paired(step, _distances(rows, width))
    return f"{ours:.2f} ({ours / theirs:.1f}x)"


def _distances(rows: int, width: int) -> Callable[[], None]:
    z = torch.randn(rows, width, generator=torch.Generator().manual_seed(0)).relu_().requires_grad_()

    def step() -> None:
        z.grad = None
        torch.cdist(z, z).sum().backward()

    return step


def _paired(first: Callable[[], None], second: Callable[[], None]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS + 3):
        for step, kept in zip((first, second), times, strict=True):
            began = perf_counter()
            step()
            kept.append(1e3 * (perf_counter() - began))
    return median(times[0][3:]), median(times[1][3:])
