"""ConR against a double loop, and what it takes from the dataset."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from bench.dataset import Bins
from bench.method import Views
from bench.methods.conr import ConR, conr, conr_images
from support.batches import FAR_LABELS, batch_of, gradient_of, prepared, random


def slow_conr(z, y, y_hat, w, window, temperature, push, images=False):
    z, total = normalize(z), 0.0
    for i in range(len(z)):
        gaps = [(y[i] - y[j]).abs().sum().item() for j in range(len(z))]
        positives = [j for j in range(len(z)) if j != i and gaps[j] <= window]
        negatives = [
            j for j in range(len(z)) if gaps[j] > window and (y_hat[i] - y_hat[j]).abs().sum().item() <= window
        ]
        if not positives or not negatives:
            continue
        s = z @ z[i] / temperature
        denominator = len(z) - len(positives) + sum(s[j].exp() for j in positives)
        for j in negatives:
            factor = push * gaps[j] if images else math.exp(push * gaps[j])
            denominator = denominator + w[i, 0] * factor * s[j].exp()
        terms = sum(denominator.log() - s[j] for j in positives)
        total = total + (terms / (len(positives) + 1) if images else w[i, 0] * terms / len(positives))
    return total / len(z)


@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("targets", [1, 2])
def test_conr_equals_a_double_loop(images, targets):
    z = random(14, 6, dtype=torch.float64).requires_grad_()
    y = random(14, targets, seed=1, dtype=torch.float64)
    y_hat, w = y + random(14, targets, seed=2, dtype=torch.float64), random(14, 1, seed=3).double().abs()
    term = conr_images if images else conr
    fast = term(z, y, y_hat, w, 0.8, 0.2, 0.3)
    slow = slow_conr(z, y, y_hat, w, 0.8, 0.2, 0.3, images)
    assert slow > 0
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient_of(fast, z), gradient_of(slow, z), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("labels", FAR_LABELS)
@pytest.mark.parametrize("views", [1, 2])
def test_conr_without_negatives_has_value_and_gradient_zero(labels, views):
    y = FAR_LABELS[labels].repeat(views, 1)
    z = random(len(y), 5).requires_grad_()
    loss = conr(z, y, y)
    assert loss == 0
    assert not gradient_of(loss, z).any()


def test_conr_compares_the_views_in_label_units_and_passes_the_weights_on():
    labels = torch.tensor([[20.0], [20.5], [60.0]])
    method = prepared(ConR(weight=2.0, window=1.0), labels, shift=30.0, scale=10.0)
    y, z, y_hat, w = (
        method.task.y,
        random(6, 5),
        random(6, 1, seed=1) / 20,
        torch.tensor([[1.0], [2.0], [3.0]]),
    )
    term = method.regularizer(batch_of(random(3, 5), y, views=Views(z, y_hat), w=w))
    expected = 2 * conr(z, labels.repeat(2, 1), 10 * y_hat, w.repeat(2, 1))
    torch.testing.assert_close(term, expected)
    assert term > 0


def test_conr_takes_its_window_from_the_bins_or_the_deviation_of_the_labels():
    labels = random(50, 1)
    assert prepared(ConR(), labels, Bins(0.0, 0.5, 4)).window == 0.5
    assert prepared(ConR(), labels).window == pytest.approx(0.1 * labels.std(correction=0).item())


def test_conr_compares_dense_targets_by_their_pixel_means_and_without_views():
    z, y, y_hat = random(4, 3, 2, 2), random(4, 1, 2, 2, seed=1), random(4, 1, 2, 2, seed=2)
    method = prepared(ConR(weight=1.0, window=0.4, form="images"), y)
    assert method.views == 0
    means = [t.mean((1, 2, 3))[:, None] for t in (y, y_hat)]
    expected = conr_images(z.flatten(1), *means, None, 0.4, 0.07, 0.01)
    torch.testing.assert_close(method.regularizer(batch_of(z, y, y_hat)), expected)
