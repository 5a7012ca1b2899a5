"""Shared functions by themselves: each a witness for or against its group alone, see tests/test_fingerprints.py."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import torch
from torch import Tensor

from bench.bases.reweighting import bin_weights
from bench.data import augmentation
from bench.functional.devices import to_device_of
from bench.functional.distinct import distinct
from bench.functional.losses import task_loss
from bench.functional.pair_distances import pair_distances
from bench.functional.smoothing import window
from bench.functional.spanning_trees import spanning_trees
from bench.functional.topology import ph_dimension, topology
from bench.metrics import METRICS
from bench.shots import regions, tertiles
from support.fingerprints import Case, Values, some


def of_functions() -> dict[str, Case]:
    """Shared functions by themselves, each a witness for or against its group alone."""
    one = {name: partial(function, *_arrays()[:2]) for name, function in _FUNCTIONS.items()}
    found = {name: Case(values, groups=frozenset({name.partition(":")[0]})) for name, values in one.items()}
    for name, metric in METRICS.items():
        values = partial(_of_metric, metric.function, 2 if name == "angular" else 1)
        found[f"metrics: {name}"] = Case(values, groups=frozenset({"metrics"}))
    return found


@cache
def _arrays() -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    z, y = torch.randn(12, 40, generator=rng), torch.randint(1, 9, (12, 1), generator=rng).float()
    return z, y, y + 0.4 * torch.randn(12, 1, generator=rng)


def _of_metric(function: Callable[[Tensor, Tensor], float], targets: int) -> Values:
    y, y_hat = (values.reshape(-1, targets) for values in _arrays()[1:])
    return {"value": some(torch.tensor(function(y_hat.abs(), y), dtype=torch.double))}


def _losses(z: Tensor, y: Tensor) -> Values:
    y_hat, w = z[:, :1] + y, z[:, 1:2].abs()
    kinds = ("l1", "mse", "huber")
    return {kind: [*some(task_loss(y_hat, y, None, kind)), *some(task_loss(y_hat, y, w, kind))] for kind in kinds}


def _distances(z: Tensor, y: Tensor) -> Values:
    found = {}
    for width in (4, 40):
        x = z[:, :width].clone().requires_grad_()
        gaps = pair_distances(x)
        (gaps.square() + gaps).sum().backward()
        found |= {f"{width}": some(gaps[0, 1:]), f"{width} gradient": some(x.grad)}
    return found


def _trees(z: Tensor, y: Tensor) -> Values:
    trees = spanning_trees(torch.cdist(y, y), [torch.arange(12), torch.arange(0, 12, 2)])
    return {"ties": [*map(float, trees[0].flatten().tolist())], "some": [*map(float, trees[1].flatten().tolist())]}


def _topology(z: Tensor, y: Tensor) -> Values:
    x = z.clone().requires_grad_()
    terms = [topology(x, y), topology(x, y, "entry", True), ph_dimension(x, y, [torch.arange(n) for n in (4, 8, 12)])]
    sum(terms).backward()
    return {"terms": some(torch.stack(terms)), "gradient": some(x.grad)}


def _distinct(z: Tensor, y: Tensor) -> Values:
    found = distinct(y)
    return {"labels": some(found.labels), "own": some(found.own), "count": some(found.count)}


def _smoothing(z: Tensor, y: Tensor) -> Values:
    return {kernel: some(window(kernel, 5, 2.0)) for kernel in ("gaussian", "triang", "laplace")}


def _reweighting(z: Tensor, y: Tensor) -> Values:
    counts = torch.tensor([0, 3, 12, 7, 1, 0, 40, 2])
    clipped = bin_weights(counts, "sqrt_inverse", (2, 20))
    return {"inverse": some(bin_weights(counts, "inverse")), "sqrt_inverse": some(clipped)}


def _augmentation(z: Tensor, y: Tensor) -> Values:
    x = 255 * torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    made = {
        "shift": partial(augmentation.shift, x, 2, flip=True),
        "crop": partial(augmentation.resized_crop_and_flip, x, 8),
        "jitter": partial(augmentation.jitter, x),
    }
    return {name: some(function(rng=torch.Generator().manual_seed(3))) for name, function in made.items()}


def _shots(z: Tensor, y: Tensor) -> Values:
    seen = np.repeat([1, 2, 3, 4, 6, 7], [1, 2, 19, 20, 100, 101])
    named = [regions(seen, [1, 2, 3, 4, 5, 6, 7], zero=zero).tolist() for zero in (False, True)]
    return {"shots": " ".join(named[0]), "zero": " ".join(named[1]), "tertiles": [*map(float, tertiles(seen))]}


def _devices(z: Tensor, y: Tensor) -> Values:
    return {"same": some(to_device_of(y, z))}


_FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Values]] = {
    "losses": _losses,
    "distances": _distances,
    "topology: trees": _trees,
    "topology: terms": _topology,
    "distinct": _distinct,
    "smoothing": _smoothing,
    "reweighting": _reweighting,
    "augmentation": _augmentation,
    "shots": _shots,
    "devices": _devices,
}
