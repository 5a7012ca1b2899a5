from functools import partial

import numpy as np
import pytest
import torch

from bench.functional.losses import task_loss
from bench.methods.lds import bin_weights, window
from bench.methods.oe import ordinal_diversity, ordinal_entropy
from bench.methods.ranksim import rank, ranksim

cuda = pytest.param(
    "cuda",
    marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")],
)
on_every_device = pytest.mark.parametrize("device", ["cpu", cuda])
in_both_precisions = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])

CASES = {
    "ranksim-typical": (ranksim, "features"),
    "ranksim-ties": (ranksim, "features"),
    "ranksim-tiny": (ranksim, "features"),
    "ranksim-allequal": (ranksim, "features"),
    "oe-typical": (ordinal_entropy, "features"),
    "oe-ties": (ordinal_entropy, "features"),
    "oe-coord": (ordinal_diversity, "features"),
    "loss-l1": (partial(task_loss, w=None, kind="l1"), "preds"),
    "loss-mse": (partial(task_loss, w=None, kind="mse"), "preds"),
    "loss-huber": (partial(task_loss, w=None, kind="huber"), "preds"),
}


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_the_published_code(golden, name, dtype, device):
    function, of = CASES[name]
    case = golden(name)
    x = case.tensor(f"in_{of}", dtype, device).requires_grad_()
    loss = function(x, case.tensor("in_targets", dtype, device))
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    case.check(loss, "out_loss")
    case.check(x.grad, f"out_grad_{of}")


@pytest.mark.parametrize("name", ["ranksim-ties", "ranksim-allequal"])
def test_rows_that_ranksim_leaves_out_have_no_gradient(golden, name):
    case = golden(name)
    z, y, rows = case.tensor("in_features_full"), case.tensor("in_targets_full"), case["in_sampled_indices"]
    ranksim(z.requires_grad_()[rows], y[rows]).backward()
    case.check(z.grad, "out_grad_features_full")


@on_every_device
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_ranks_are_those_of_the_published_code(golden, dtype, device):
    case = golden("ranksim-rank")
    ranks = rank(case.tensor("in_seq", dtype, device))
    assert ranks.dtype == dtype
    case.check(ranks.double() - 1, "out_rank0")


@pytest.mark.parametrize("name", ["gaussian_5_2", "gaussian_9_1", "triang_5", "laplace_5_2"])
def test_windows_are_those_of_the_published_code(golden, name):
    case = golden("lds-kernels")
    kernel, size, sigma = [*name.split("_"), "1"][:3]
    values = window(kernel, int(size), float(sigma))
    case.check(values, f"out_{name}")
    case.check(values / values.sum(), f"out_fds_{name}")


@pytest.mark.parametrize(
    ("name", "smoothing"),
    [("lds-agedb-sqrtinv", None), ("lds-agedb-sqrtinv-lds-gaussian5-2", ("gaussian", 5, 2.0))],
)
@pytest.mark.parametrize("kind", [list, np.asarray, torch.as_tensor, lambda counts: torch.tensor(counts).float()])
def test_agedb_weights_are_those_of_the_published_code(golden, name, smoothing, kind):
    case = golden(name)
    labels = case["in_labels"].clip(max=120)
    weights = bin_weights(kind(np.bincount(labels, minlength=121)), "sqrt_inverse", smoothing=smoothing)
    assert weights.shape == (121,)
    assert weights.dtype == torch.float32
    case.check(weights[labels].double(), "out_weights")
    case.check(weights[case["out_age"]].double(), "out_weight_of_age")


def test_stsb_weights_are_those_of_the_published_code(golden):
    case = golden("lds-stsb-inverse")
    edges = np.linspace(0, 5, 51).astype(np.float32)  # in float64 many scores would fall into the bin below
    bins = np.clip(np.searchsorted(edges, case["in_labels"], side="right") - 1, 0, 49)
    weights = bin_weights(np.bincount(bins, minlength=50), "inverse")
    case.check(weights[bins].double(), "out_weights")
