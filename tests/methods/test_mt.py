"""Multiple targets: copies, noise in their place, and what predicts."""

import torch

from bench.methods.mt import MultipleTargets
from support.batches import prepared, random

LABELS = 5 + 2 * random(400, 2)


def test_the_mean_over_the_copies_predicts_or_the_first_one():
    outputs = torch.tensor([[1.0, 10.0, 3.0, 30.0]])  # two copies of two targets
    assert MultipleTargets(2).predict(outputs).tolist() == [[2.0, 20.0]]
    assert MultipleTargets(2, prediction="first").predict(outputs).tolist() == [[1.0, 10.0]]
    assert MultipleTargets(2, noise=True).predict(outputs).tolist() == [[1.0, 10.0]]


def test_targets_are_copied_one_copy_after_the_other():
    y = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert prepared(MultipleTargets(2), LABELS).targets(y).tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]


def test_noise_is_normal_with_the_moments_of_the_training_targets_and_new_in_each_step():
    method = prepared(MultipleTargets(3, noise=True), LABELS)
    first, second = method.targets(LABELS), method.targets(LABELS)
    assert torch.equal(first[:, :2], LABELS)
    assert not torch.equal(first[:, 2:], second[:, 2:])
    noise = torch.cat([first[:, 2:], second[:, 2:]])
    torch.testing.assert_close(noise.mean(0), LABELS.mean(0).repeat(2), atol=0.3, rtol=0)
    torch.testing.assert_close(noise.std(0), LABELS.std(0).repeat(2), atol=0.3, rtol=0)
    assert abs(torch.corrcoef(torch.stack([first[:, 0], first[:, 2]]))[0, 1]) < 0.2


def test_noise_has_the_shape_of_dense_targets():
    maps = random(2, 1, 4, 5)
    assert prepared(MultipleTargets(3, noise=True), LABELS[:, :1]).targets(maps).shape == (2, 3, 4, 5)
