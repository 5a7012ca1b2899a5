"""VIR against its released loss and statistics, and what it does to features and weights."""

import pytest
import torch
from scipy import stats

from bench.dataset import Bins
from bench.errors import ShapeError
from bench.functional.smoothing import window
from bench.methods.lds import LDS
from bench.methods.vir import VIR, Table, evidential
from bench.plugins import resolve
from support.batches import gradient_of, prepared, random
from support.devices import in_both_precisions, on_every_device

BINS = Bins(0.0, 1.0, 6)
KINDS = {"": "running_{}", "last_": "running_{}_last_epoch", "smooth_": "smoothed_{}_last_epoch"}
LABELS = torch.arange(6.0).repeat_interleave(4)[:, None]


@on_every_device
@in_both_precisions
@pytest.mark.parametrize("name", ["vir-loss", "vir-loss-plain"])
def test_value_and_gradient_are_those_of_the_published_code(golden, name, dtype, device):
    case = golden(name)
    outputs = case.tensor("in_outputs", dtype, device).requires_grad_()
    weights = case.tensor("in_weights", dtype, device) if "in_weights" in case else None
    loss = evidential(outputs, case.tensor("in_targets", dtype, device), weights)
    assert loss.dtype == dtype
    case.check(loss, "out_loss")
    case.check(gradient_of(loss, outputs), "out_grad_outputs")
    case.check(prepared(VIR(), LABELS, BINS).columns(outputs.detach())["deviation"] ** 2, "out_variance")


@on_every_device
def test_features_follow_the_published_code_over_four_epochs(golden, device):
    case = golden("vir-features")

    def given(name, epoch):
        mean, variance = case.tensor(f"in_{name}_{epoch}", device=device).chunk(2, 1)
        return mean.requires_grad_(), variance, case.tensor(f"in_{name}_labels_{epoch}", torch.int64, device) - 3

    table = Table(12, 5, window("gaussian", 5, 2.0)).to(device, torch.float64)
    for epoch in range(4):
        mean, variance, bins = given("batch", epoch)
        smoothed = torch.cat(table.smooth(mean, variance.requires_grad_(), bins), 1)
        case.check(smoothed, f"out_smoothed_{epoch}")
        if epoch == 3:
            found = torch.autograd.grad((smoothed * case.tensor("in_cotangent", device=device)).sum(), [mean, variance])
            case.check(torch.cat(found, 1), "out_grad_batch_3")
        mean, variance, bins = (t.detach() for t in given("pass", epoch))
        table.end_epoch(*table.smooth(mean, variance, bins), bins)
        for ours, theirs in {
            "": "running_{}",
            "last_": "running_{}_last_epoch",
            "smooth_": "smoothed_{}_last_epoch",
        }.items():
            means = torch.cat([getattr(table, ours + "mean"), getattr(table, ours + "doubt")], 1)
            case.check(means, f"out_{theirs.format('mean')}_{epoch}")
            expected = case.tensor(f"out_{theirs.format('var')}_{epoch}", device=device)[:, :5]
            torch.testing.assert_close(getattr(table, ours + "variance"), expected, rtol=1e-9, atol=1e-12)


def test_the_likelihood_is_students_with_the_prediction_in_label_units():
    outputs, y, scale = random(7, 3, dtype=torch.float64), random(7, 1, seed=1, dtype=torch.float64), 5.0
    mean, n, squares = (t[:, 0] for t in outputs.split(1, 1))
    v, beta = (torch.nn.functional.softplus(t, 0.1) for t in (n, squares))
    v, alpha = v + 2, 0.3 + (v + 2) / 2
    spread = (beta * (1 + v) / (v * alpha)).sqrt()
    nll = -stats.t.logpdf(y[:, 0] * scale, 2 * alpha, mean * scale, spread)
    evidence = (y[:, 0] - mean).abs() * scale * (2 * v + alpha)
    expected = torch.as_tensor(nll) + 0.07 * evidence
    torch.testing.assert_close(evidential(outputs, y, weight=0.07, scale=scale), expected.mean())


def test_weights_multiply_what_a_prediction_is_worth_and_are_those_of_lds():
    labels = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 4.0])[:, None]
    method, lds = (prepared(kind(), labels, BINS) for kind in (VIR, LDS))
    assert torch.equal(method.weights(labels), lds.weights(labels))
    outputs, y = random(4, 3), random(4, 1, seed=1)
    one = torch.ones(4, 1)
    assert evidential(outputs, y, one) == evidential(outputs, y)
    assert evidential(outputs, y, 2 * one) != evidential(outputs, y)


def test_features_are_drawn_in_training_around_their_mean_and_then_calibrated():
    method = prepared(VIR(pixels=1), LABELS, BINS)
    z, y = random(24, 5), method.task.y
    drawn = method.features(z, y, 1)
    noise = torch.randn(24, 5, generator=torch.Generator().manual_seed(1))
    deviation = (torch.nn.functional.softplus(method.spread(z)) + 1e-6).sqrt()
    torch.testing.assert_close(drawn, z + deviation * noise)
    for epoch in (1, 2):
        method.epoch_end(z, y, epoch)
    method.task.generator.manual_seed(1)
    assert not torch.allclose(method.features(z, y, 3), drawn)


def test_bins_of_one_sample_and_channels_without_variance_are_left_alone():
    table = Table(3, 2, window("gaussian", 5, 2.0))
    mean, variance = random(4, 2), torch.rand(4, 2, generator=torch.Generator().manual_seed(1))
    bins = torch.tensor([0, 1, 1, 1])
    for _ in range(2):
        table.end_epoch(mean, variance, bins)
    assert not table.variance[0].any()
    smoothed = table.smooth(mean, variance, bins)
    assert torch.equal(smoothed[0][0], mean[0])
    assert torch.equal(smoothed[1][0], variance[0])
    assert not torch.equal(smoothed[0][1:], mean[1:])


def test_a_sum_of_squares_that_underflows_gives_a_finite_loss():
    outputs = torch.tensor([[0.0, -1e5, -1e5]]).requires_grad_()
    loss = evidential(outputs, torch.ones(1, 1))
    assert loss.isfinite()
    assert gradient_of(loss, outputs).isfinite().all()


def test_other_targets_and_dense_ones_are_refused():
    with pytest.raises(ShapeError):
        evidential(random(4, 3), random(4, 2))
    for name, why in {"nyud2": "dense", "circle": "bins"}.items():
        on = resolve.dataset(name)
        assert why in resolve.method("vir", on).refusal(on.dataset)
