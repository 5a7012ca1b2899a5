"""Ordinal Entropy against slow code, and which rows it draws."""

import pytest
import torch
from torch.nn.functional import normalize

from bench.methods.oe import OrdinalEntropy, ordinal_diversity, ordinal_entropy, ordinal_entropy_of_maps
from support.batches import LABELS, batch_of, gradient_of, prepared, random


def slow_diversity(u, y):
    pairs = [(k, j) for k in range(len(u)) for j in range(k + 1, len(u))]
    gaps = [(y[k] - y[j]).norm().item() for k, j in pairs]
    terms = [(g - min(gaps)) / max(gaps) * (u[k] - u[j]).norm() for (k, j), g in zip(pairs, gaps, strict=True)]
    return sum(terms) / len(pairs)


def slow_entropy(z, y):
    labels = sorted(set(y.flatten().tolist()))
    groups = [[i for i in range(len(z)) if y[i].item() == label] for label in labels]
    centers = [normalize(sum(z[i] for i in group) / len(group), dim=0) for group in groups]
    pulls = [
        (normalize(z[i], dim=0) - center).norm()
        for group, center in zip(groups, centers, strict=True)
        for i in group
        if len(group) > 1
    ]
    return sum(pulls) / len(pulls) - slow_diversity(centers, torch.tensor(labels, dtype=z.dtype)[:, None])


def value_and_gradient(function, z, y):
    z = z.detach().requires_grad_()
    loss = function(z, y)
    loss.backward()
    return loss.detach(), z.grad


def test_ordinal_entropy_equals_a_double_loop():
    rng = torch.Generator().manual_seed(3)
    z = torch.randn(24, 7, generator=rng, dtype=torch.float64)
    y = torch.randint(0, 15, (24, 1), generator=rng).double()
    torch.testing.assert_close(value_and_gradient(ordinal_entropy, z, y), value_and_gradient(slow_entropy, z, y))


def test_ordinal_diversity_equals_a_double_loop():
    rng = torch.Generator().manual_seed(4)
    z, y = (torch.randn(20, width, generator=rng, dtype=torch.float64) for width in (7, 3))
    expected = value_and_gradient(lambda z, y: -slow_diversity(normalize(z), y), z, y)
    torch.testing.assert_close(value_and_gradient(ordinal_diversity, z, y), expected)


def test_distinct_labels_leave_the_diversity_alone():
    z, y = random(6, 5), LABELS["all distinct"]
    torch.testing.assert_close(ordinal_entropy(z, y), ordinal_diversity(z, y))


def test_equal_labels_leave_the_tightness_alone():
    z = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    # both are at 45 degrees from their centre
    assert ordinal_entropy(z, torch.ones(2, 1)).item() == pytest.approx((2 - 2**0.5) ** 0.5)


def test_equal_targets_have_no_diversity():
    assert ordinal_diversity(random(6, 5), LABELS["all equal"]).item() == 0


def test_ordinal_entropy_of_several_targets_draws_some_rows_but_never_the_last():
    method = prepared(OrdinalEntropy(weight=0.1, samples=4), random(9, 3))
    drawn = torch.zeros(9, dtype=torch.bool)
    for _ in range(30):
        z = random(9, 5).requires_grad_()
        rows = gradient_of(method.regularizer(batch_of(z, random(9, 3, seed=1))), z).any(1)
        assert rows.sum() == 4
        drawn |= rows
    assert drawn.tolist() == [True] * 8 + [False]


def test_ordinal_entropy_of_several_targets_takes_all_rows_but_the_last_of_a_small_batch():
    method = prepared(OrdinalEntropy(weight=0.1), random(9, 3))
    z, y = random(9, 5), random(9, 3, seed=1)
    expected = 0.1 * ordinal_diversity(z[:8], y[:8])
    torch.testing.assert_close(method.regularizer(batch_of(z, y)), expected)


def test_ordinal_entropy_of_one_target_takes_the_whole_batch():
    z, y = random(3, 5), LABELS["one repeat"]
    method = prepared(OrdinalEntropy(weight=2.0), y)
    torch.testing.assert_close(method.regularizer(batch_of(z, y)), 2 * ordinal_entropy(z, y))


def test_ordinal_entropy_of_maps_is_the_mean_over_images_of_a_fourth_of_the_pixels_that_counts():
    z = torch.randn(3, 5, 11, 8, generator=torch.Generator().manual_seed(4)).requires_grad_()
    y = torch.arange(3 * 11 * 8).view(3, 1, 11, 8) % 5 / 2
    mask = torch.ones_like(y, dtype=torch.bool)
    mask[1, 0, 5, 4] = mask[1, 0, 0, 1] = False
    mask[2] = False
    # two of eleven rows: the first, and the nearest to 5.5
    points = [[(0, 0), (0, 4), (5, 0), (5, 4)], [(0, 0), (0, 4), (5, 0)]]
    of_images = [
        ordinal_entropy(
            torch.stack([z[image, :, i, j] for i, j in chosen]), torch.stack([y[image, :, i, j] for i, j in chosen])
        )
        for image, chosen in enumerate(points)
    ]
    loss = ordinal_entropy_of_maps(z, y, mask)
    torch.testing.assert_close(loss, sum(of_images) / 3)
    assert not gradient_of(loss, z)[2].any()
