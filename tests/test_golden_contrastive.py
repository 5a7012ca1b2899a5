"""ConR, RnC, SRL, FDS, Focal-R, Balanced MSE and Information Dropout against the published code's numbers."""

import pytest
import torch

from bench.functional.smoothing import window
from bench.methods.balanced_mse import batch_monte_carlo
from bench.methods.conr import conr
from bench.methods.fds import Table, calibrate
from bench.methods.focal_r import focal_r
from bench.methods.infdrop import information_dropout
from bench.methods.rnc import rank_n_contrast
from bench.methods.srl import contrast, enveloping, homogeneity, latent_trace

cuda = pytest.param(
    "cuda",
    marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")],
)
on_every_device = pytest.mark.parametrize("device", ["cpu", cuda])
in_both_precisions = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])

CASES = {
    "conr-typical": (conr, "features", "targets", "preds", "weights"),
    "conr-ties": (conr, "features", "targets", "preds", "weights"),
    "conr-tiny": (conr, "features", "targets", "preds", "weights"),
    "rnc-typical": (rank_n_contrast, "features", "targets"),
    "rnc-ties": (rank_n_contrast, "features", "targets"),
    "rnc-tiny": (rank_n_contrast, "features", "targets"),
    "srl-uniformity": (enveloping, "embeddings", "points"),
    "srl-smooth-agedb": (homogeneity, "embeddings"),
    "srl-contrastive": (contrast, "features", "labels", "surrogates"),
    "loss-focal-l1": (focal_r, "preds", "targets"),
    "loss-focal-mse": (lambda y_hat, y: focal_r(y_hat, y, power=2), "preds", "targets"),
}


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_those_of_the_published_code(golden, name, dtype, device):
    function, of, *rest = CASES[name]
    case = golden(name)
    x = case.tensor(f"in_{of}", dtype, device).requires_grad_()
    kinds = [torch.int64 if other == "labels" else dtype for other in rest]
    others = (case.tensor(f"in_{other}", kind, device) for other, kind in zip(rest, kinds, strict=True))
    loss = function(x, *others)
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    case.check(loss, "out_loss")
    case.check(x.grad, f"out_grad_{of}")


@on_every_device
@in_both_precisions
def test_srl_terms_on_the_completed_trace_are_those_of_the_published_code(golden, dtype, device):
    case = golden("srl-typical")
    f = case.tensor("in_features", dtype, device).requires_grad_()
    bins = case.tensor("in_labels", torch.int64, device)
    trace = latent_trace(f, bins, case.tensor("in_surrogate", dtype, device))
    terms = {
        "contrastive": contrast(f, bins, trace.detach(), temperature=0.3),
        "uniformity": enveloping(trace, case.tensor("in_points", dtype, device)),
        "smooth": homogeneity(trace),
    }
    for name, term in terms.items():
        case.check(term, f"out_{name}")
        case.check(torch.autograd.grad(term, f, retain_graph=True)[0], f"out_grad_{name}")


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", ["bmse-bmc-typical", "bmse-bmc-ties"])
def test_balanced_mse_and_the_gradient_of_its_noise_are_those_of_the_published_code(golden, name, dtype, device):
    case = golden(name)
    y_hat = case.tensor("in_preds", dtype, device).requires_grad_()
    noise = torch.tensor(10.0, dtype=dtype, device=device, requires_grad=True)
    loss = batch_monte_carlo(y_hat, case.tensor("in_targets", dtype, device), noise)
    loss.backward()
    case.check(loss, "out_loss")
    case.check(y_hat.grad, "out_grad_preds")
    case.check(noise.grad, "out_grad_noise_sigma")


@on_every_device
@pytest.mark.parametrize("name", ["fds-calibrate-agedb", "fds-calibrate-agedb-zerovar"])
def test_calibration_is_that_of_the_published_code(golden, name, device):
    case = golden(name)
    matrix, *statistics = (case.tensor(f"in_{key}", device=device) for key in ("matrix", "m1", "v1", "m2", "v2"))
    case.check(calibrate(matrix, *statistics), "out_calibrated")


@on_every_device
def test_fds_follows_the_published_code_over_three_epochs(golden, device):
    case = golden("fds-typical")

    def bins(name):
        ages = case.tensor(name, torch.int64, device).flatten()
        # theirs leaves out the ages beyond an edge when the edge itself is missing; our method never does
        out = [beyond for edge, beyond in ((3, ages < 3), (99, ages > 99)) if not (ages == edge).any()]
        kept = ~sum(out, torch.zeros_like(ages, dtype=torch.bool))
        return (ages - 3).clamp(0, 96), kept

    def check(tensor, name):
        case.check(tensor.double(), name)

    table = Table(97, 8, window("gaussian", 5, 2.0)).to(device)
    for epoch in range(3):
        z = case.tensor(f"in_batch_features_epoch{epoch}", torch.float32, device).requires_grad_()
        numbers, kept = bins(f"in_batch_labels_epoch{epoch}")
        assert kept.all()
        smoothed = table.smooth(z, numbers)
        check(smoothed, f"out_smoothed_epoch{epoch}")
        if epoch == 2:
            (smoothed * case.tensor("in_cotangent", torch.float32, device)).sum().backward()
            check(z.grad, "out_grad_batch_features_epoch2")
        features = case.tensor(f"in_epoch_features_{epoch}", torch.float32, device)
        numbers, kept = bins(f"in_epoch_labels_{epoch}")
        table.end_epoch(features[kept], numbers[kept])
        for ours, theirs in {"mean": "mean", "variance": "var"}.items():
            for name in ("running_{}", "running_{}_last_epoch", "smoothed_{}_last_epoch"):
                prefix = {"running_{}": "", "running_{}_last_epoch": "last_"}.get(name, "smooth_")
                check(getattr(table, prefix + ours), f"out_{name.format(theirs)}_after_epoch{epoch}")


def test_information_dropout_is_that_of_the_published_code(golden):
    case = golden("infdrop-mlp")
    z, branch, noise = (case.tensor(f"in_{name}") for name in ("hidden", "alpha_input", "noise"))
    weight, bias = case.tensor("in_head_weight"), case.tensor("in_head_bias")
    noisy, kl = information_dropout(z, branch, noise)
    case.check(kl, "out_kl")
    case.check(0.01 * kl.sum(-1).mean(), "out_penalty")
    case.check(noisy @ weight.T + bias, "out_pred_train")
    case.check(information_dropout(z, branch, noise * 0)[0] @ weight.T + bias, "out_pred_eval")
