"""Benchmarks of the project itself: what the harness costs beside the training it does."""

from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import torch
from tabulate import tabulate
from torch.nn.functional import mse_loss

from bench import registry
from bench.engine import Training

STEPS = 2000
PAIRS = 7


def harness() -> str:
    """A markdown table: training a coordinate cell through the engine against a bare PyTorch loop.

    Both do the same steps from the same weights (forward, loss, backward, fused AdamW) in one process on one thread,
    in turn; validation runs every 100 steps in both. The figure to read is the median ratio.
    """
    torch.set_num_threads(1)
    on = registry.dataset("circle", {"protocol.epochs": STEPS})
    splits = on.dataset.load(Path())

    def training(seed: int) -> Training:
        method = registry.method("baseline", on).build()
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
