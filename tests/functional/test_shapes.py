"""Losses take (B,) as (B, 1), and refuse what would broadcast to (B, B)."""

import pytest
import torch

from bench import losses
from bench.errors import BenchError, ShapeError
from support.batches import random

Y_HAT, Y, W = random(16, 1), random(16, 1, seed=1), random(16, 1, seed=2).abs()
Z, BINS = random(16, 4, seed=3), torch.arange(16) % 5
CENTERS, SHARES = torch.arange(5.0), torch.full((5,), 0.2)
LOGITS, TRACE = random(16, 5, seed=4), random(5, 4, seed=5)

# loss -> a call with columns that may all be (16,) as well as (16, 1)
COLUMNS = {
    "focal_r": lambda y_hat, y, w: losses.focal_r(y_hat, y, w),
    "task_loss": lambda y_hat, y, w: losses.task_loss(y_hat, y, w, "huber"),
    "batch_monte_carlo": lambda y_hat, y, w: losses.batch_monte_carlo(y_hat, y, 1.0, w),
    "bin_based": lambda y_hat, y, w: losses.bin_based(y_hat, y, 1.0, CENTERS, SHARES, w),
    "mixture_based": lambda y_hat, y, w: losses.mixture_based(y_hat, y, 1.0, CENTERS, SHARES, SHARES, w),
    "conr": lambda y_hat, y, w: losses.conr(Z, y, y_hat, w),
    "conr_images": lambda y_hat, y, w: losses.conr_images(Z, y, y_hat, w),
    "dldl": lambda y_hat, y, w: losses.dldl(LOGITS, y, CENTERS, weights=w) + 0 * y_hat.sum(),
}
TARGETS = {
    "ranksim": losses.ranksim,
    "ordinal_entropy": losses.ordinal_entropy,
    "ordinal_diversity": losses.ordinal_diversity,
    "topology": losses.topology,
    "rot": losses.rot,
    "ph_dimension": lambda z, y: losses.ph_dimension(z, y, [torch.arange(5), torch.arange(9)]),
    "rank_n_contrast": lambda z, y: losses.rank_n_contrast(torch.stack([z, 2 * z], 1), y),
}
NUMBERS = {
    "dex": losses.dex,
    "corn": lambda logits, bins: losses.corn(logits[:, :4], bins),
    "ordinal_regression": lambda logits, bins: losses.ordinal_regression(logits[:, :4], bins),
    "contrast": lambda logits, bins: losses.contrast(Z, bins, TRACE),
    "latent_trace": lambda logits, bins: losses.latent_trace(Z, bins, TRACE),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_flat_columns_give_the_number_of_columns(name):
    expected = COLUMNS[name](Y_HAT, Y, W)
    assert torch.equal(COLUMNS[name](Y_HAT, Y[:, 0], W), expected)
    assert torch.equal(COLUMNS[name](Y_HAT[:, 0], Y, W[:, 0]), expected)


@pytest.mark.parametrize("name", TARGETS)
def test_flat_targets_give_the_number_of_columns(name):
    assert torch.equal(TARGETS[name](Z, Y[:, 0]), TARGETS[name](Z, Y))


@pytest.mark.parametrize("name", NUMBERS)
def test_bins_come_flat_or_as_a_column(name):
    assert torch.equal(NUMBERS[name](LOGITS, BINS), NUMBERS[name](LOGITS, BINS[:, None]))


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize(
    "given", [(Y_HAT, Y.T, W), (Y_HAT, Y[:15], W), (Y_HAT, Y, W.T), (Y_HAT, Y, W[:1]), (Y_HAT, Y.repeat(1, 2), W)]
)
def test_columns_that_would_broadcast_are_refused(name, given):
    if name == "dldl" and given[1].shape == (16, 2):
        given = (Y_HAT, Y.T, W)
    with pytest.raises(ShapeError, match=r"shape \(.*\) do not fit .* of shape \("):
        COLUMNS[name](*given)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("given", [(Z, Y.T), (Z, Y[:15]), (Z[0], Y), (Z[None, :, :, None], Y)])
def test_regularizers_refuse_other_axes_and_other_numbers_of_rows(name, given):
    if name == "rank_n_contrast" and given[0].dim() == 4:
        given = (Z, Y[:15])
    with pytest.raises(ShapeError):
        TARGETS[name](*given)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("bins", [BINS[None], BINS[:15], BINS[:, None].repeat(1, 2)[:15]])
def test_bins_of_other_samples_are_refused(name, bins):
    with pytest.raises(ShapeError):
        NUMBERS[name](LOGITS, bins)


@pytest.mark.parametrize(
    "call",
    [
        lambda: losses.enveloping(TRACE[0], Z),
        lambda: losses.enveloping(TRACE, Z[0]),
        lambda: losses.homogeneity(TRACE[0]),
        lambda: losses.transport_plan(Z, 0.1),
        lambda: losses.transport_plan(Z[0], 0.1),
        lambda: losses.bin_weights([[1, 2]], "inverse"),
        lambda: losses.calibrate(Z, *[torch.ones(16, 1, 1)] * 4),
        lambda: losses.calibrate(Z, *[torch.ones(3)] * 4),
        lambda: losses.information_dropout(Z, Z[:1], Z),
        lambda: losses.information_dropout(Z, Z, Z[:, :1]),
        lambda: losses.bin_based(Y_HAT, Y, 1.0, CENTERS, SHARES[:, None]),
        lambda: losses.ordinal_entropy_of_maps(Z, Y),
        lambda: losses.contrast(Z[0], BINS, TRACE),
    ],
)
def test_whatever_else_does_not_fit_is_refused(call):
    with pytest.raises(ShapeError):
        call()


def test_the_error_is_one_line_and_a_value_error_as_well_as_ours():
    with pytest.raises(ValueError, match="predictions of shape") as caught:
        losses.focal_r(torch.zeros(16, 1), torch.zeros(1, 16))
    assert isinstance(caught.value, BenchError)
    assert "\n" not in str(caught.value)


def test_dense_weights_may_leave_axes_out_but_not_add_any():
    y_hat, y = random(2, 3, 4, 4), random(2, 3, 4, 4, seed=1)
    w = random(2, 1, 4, 4, seed=2).abs()
    assert torch.equal(losses.task_loss(y_hat, y, w), losses.task_loss(y_hat, y, w.expand_as(y)))
    with pytest.raises(ShapeError):
        losses.task_loss(y_hat, y, w[:, :, 0, 0])
