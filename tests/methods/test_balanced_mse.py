"""Balanced MSE against the published code and the formulas, and its noise."""

import math

import numpy as np
import pytest
import torch

from bench.dataset import Bins
from bench.errors import BenchError
from bench.method import Method
from bench.methods.balanced_mse import BalancedMSE, batch_monte_carlo, bin_based, mixture_based
from bench.plugins import resolve
from support.batches import batch_of, gradient_of, prepared, random
from support.devices import in_both_precisions, on_every_device


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


@pytest.mark.parametrize("kind", ["bmc", "gai", "bni"])
def test_balanced_mse_stands_labels_that_are_all_equal(kind):
    method = prepared(BalancedMSE(kind), torch.full((20, 1), 3.0), Bins(0.0, 1.0, 5))
    y_hat = random(20, 1).requires_grad_()
    loss = method.loss(batch_of(random(20, 5), method.task.y, y_hat))
    assert gradient_of(loss, y_hat).isfinite().all()


def test_balanced_mse_against_bins_and_mixtures_follows_the_formulas():
    y_hat, y = random(6, 1, dtype=torch.float64), random(6, 1, seed=1, dtype=torch.float64)
    noise, means, shares = 0.7, torch.tensor([-1.0, 0.5]).double(), torch.tensor([0.3, 0.7]).double()
    spread, v = torch.tensor([0.2, 0.4]).double(), noise**2
    bins = (shares * torch.exp(-((y_hat - means) ** 2) / (2 * v))).sum(1, keepdim=True)
    expected = (2 * v * ((y_hat - y) ** 2 / (2 * v) + bins.log())).mean()
    torch.testing.assert_close(bin_based(y_hat, y, noise, means, shares), expected)
    density = torch.exp(-((y_hat - means) ** 2) / (2 * (spread + v))) / (spread + v).sqrt()
    mixture = (shares * density).sum(1, keepdim=True).log() + math.log(v) / 2
    expected = (2 * v * ((y_hat - y) ** 2 / (2 * v) + mixture)).mean()
    torch.testing.assert_close(mixture_based(y_hat, y, noise, means, spread, shares), expected)


@pytest.mark.parametrize("kind", ["bmc", "gai", "bni"])
def test_balanced_mse_learns_its_noise_at_a_constant_rate_of_its_own(kind):
    labels = random(80, 1) * 3 + 5
    method = prepared(BalancedMSE(kind), labels, Bins(-10.0, 1.0, 30), shift=5.0, scale=3.0)
    (group,) = method.parameter_groups()
    assert (group["lr"], group["scheduled"]) == (0.01, False)
    assert method.noise.item() == pytest.approx(method.task.y.std(correction=0).item())
    y_hat = random(8, 1).requires_grad_()
    loss = method.loss(batch_of(random(8, 5), method.task.y[:8], y_hat))
    assert gradient_of(loss, method.noise).isfinite()
    assert loss.isfinite()


def test_balanced_mse_with_a_fixed_noise_trains_nothing_of_its_own():
    method = prepared(BalancedMSE(noise=6.0, learned=False), random(9, 1), scale=3.0)
    assert method.noise.item() == 2
    assert method.parameter_groups() == []


def test_balanced_mse_weighs_samples():
    y_hat, y = random(4, 1), random(4, 1, seed=1)
    ones, third = torch.ones(4, 1), torch.tensor([[0.0], [0.0], [4.0], [0.0]])
    torch.testing.assert_close(batch_monte_carlo(y_hat, y, 1.0, ones), batch_monte_carlo(y_hat, y, 1.0))
    squares = ((y_hat[2] - y) ** 2).flatten()
    expected = 2 * ((-squares / 2).logsumexp(0) + squares[2] / 2)
    torch.testing.assert_close(batch_monte_carlo(y_hat, y, 1.0, third), expected)


@pytest.mark.parametrize(
    ("kind", "shape", "bins", "message"),
    [
        ("bmc", (2, 1, 4, 4), None, "kind=bni"),
        ("gai", (9, 3), None, "one target, not 3"),
        ("bni", (9, 1), None, "label bins"),
    ],
)
def test_balanced_mse_names_the_kind_that_fits(kind, shape, bins, message):
    with pytest.raises(BenchError, match=message):
        prepared(BalancedMSE(kind), random(*shape), bins)


def test_before_the_head_is_trained_again_the_loss_is_the_plain_one():
    method = prepared(BalancedMSE(), random(20, 1))
    batch = batch_of(random(8, 5), method.task.y[:8], random(8, 1))
    batch.stage = "representation"
    torch.testing.assert_close(method.loss(batch), Method.loss(method, batch))
    batch.stage = "regressor"
    assert method.loss(batch) != Method.loss(method, batch)


def test_the_prior_of_depth_is_the_published_table_with_its_empty_bins_filled():
    on = resolve.dataset("nyud2[images=small]")
    method = prepared(BalancedMSE("bni"), torch.full((20, 1), 3.0), on.dataset.bins)
    table = np.array(on.dataset.bins.counts)
    filled = np.concatenate([np.full(7, table[7]), table[7:]])
    centers, _, shares = method.prior
    np.testing.assert_allclose(shares.numpy(), filled / filled.sum(), rtol=1e-6)
    assert shares[:7].sum().item() == pytest.approx(0.049, abs=5e-4)
    np.testing.assert_allclose(centers.numpy(), np.arange(100) / 10 + 0.05, rtol=1e-5)


def test_the_prior_of_whole_labels_stands_at_them_as_released_for_ages():
    ages = torch.tensor([3.0, 3.0, 4.0, 60.0])[:, None]
    method = prepared(BalancedMSE("bni"), ages, Bins(0.0, 1.0, 187))
    centers, _, shares = method.prior
    assert centers[[3, 4, 60]].tolist() == [3, 4, 60]
    assert shares[[3, 4, 60]].tolist() == [0.5, 0.25, 0.25]
    assert not shares[[0, 5, 186]].any()
