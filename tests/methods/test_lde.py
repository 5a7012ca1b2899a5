"""LDE against its formula, written out bin by bin."""

import math

import pytest
import torch

from bench.errors import ShapeError
from bench.methods.lde import lde
from bench.plugins import resolve
from support.batches import gradient_of, random
from support.binned import LABELS, SCALE, SHIFT, prepared, sigmoid


def test_each_bin_learns_the_height_of_a_gaussian_around_the_label():
    method, batch = prepared("lde", sigma=1.5)
    centers = (method.centers * SCALE + SHIFT).tolist()
    loss = 0.0
    for i, label in enumerate(LABELS.flatten().tolist()):
        for k, center in enumerate(centers):
            height = math.exp(-((center - label) ** 2) / (2 * 1.5**2)) / (1.5 * math.sqrt(2 * math.pi))
            p = sigmoid(batch.outputs[i, k].item())
            loss -= batch.w[i].item() * (height * math.log(p) + (1 - height) * math.log(1 - p)) / 6
    assert method.loss(batch).item() == pytest.approx(loss, rel=1e-5)


def test_the_prediction_is_the_mean_centre_by_height():
    method, batch = prepared("lde")
    expected = []
    for row in batch.outputs.tolist():
        heights = [sigmoid(x) for x in row]
        expected.append(sum(h * c for h, c in zip(heights, method.centers.tolist(), strict=True)) / sum(heights))
    assert batch.y_hat.flatten().tolist() == pytest.approx(expected, rel=1e-5)
    assert method.predict(torch.full((1, 6), -1e4)).item() == pytest.approx(method.centers.mean().item(), abs=1e-6)


def test_the_least_loss_is_where_outputs_are_the_heights():
    centers, label = torch.arange(6.0), torch.tensor([[2.3]])
    heights = torch.distributions.Normal(label, 2.0).log_prob(centers).exp()
    logits = heights.logit().requires_grad_()
    gradient = gradient_of(lde(logits, label, centers), logits)
    torch.testing.assert_close(gradient, torch.zeros(1, 6), rtol=0, atol=1e-6)


def test_a_gaussian_narrower_than_a_bin_has_a_finite_loss():
    logits = random(3, 6).requires_grad_()
    loss = lde(logits, torch.tensor([0.0, 1.0, 5.0]), torch.arange(6.0), sigma=0.1)
    assert loss > 0
    assert gradient_of(loss, logits).isfinite().all()


def test_targets_of_other_rows_and_other_datasets_are_refused():
    with pytest.raises(ShapeError):
        lde(random(4, 6), random(3, 1), torch.arange(6.0))
    for name, why in {"nyud2": "dense", "circle": "bins"}.items():
        on = resolve.dataset(name)
        assert why in resolve.method("lde", on).refusal(on.dataset)
