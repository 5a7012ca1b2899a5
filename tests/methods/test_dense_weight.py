"""DenseWeight against its formula, written out label by label."""

import math

import numpy as np
import pytest
import torch

from bench.dataset import Bins, Dataset
from bench.methods.dense_weight import DenseWeight
from support.batches import prepared

LABELS = torch.tensor([1.0, 1.0, 1.5, 2.0, 2.0, 2.5, 9.0, 30.5])[:, None]


def by_hand(labels, alpha, epsilon):
    """Equations 2 to 5 of the paper."""
    n, mean = len(labels), sum(labels) / len(labels)
    width = 1.06 * math.sqrt(sum((y - mean) ** 2 for y in labels) / n) * n ** (-1 / 5)
    density = [
        sum(math.exp(-(((y - other) / width) ** 2) / 2) for other in labels) / (n * width * math.sqrt(2 * math.pi))
        for y in labels
    ]
    low, high = min(density), max(density)
    weights = [max(1 - alpha * (p - low) / (high - low), epsilon) for p in density]
    return [w * n / sum(weights) for w in weights]


@pytest.mark.parametrize(("alpha", "epsilon"), [(1.0, 1e-6), (0.5, 1e-6), (2.0, 0.1), (0.0, 1e-6)])
def test_weights_are_those_of_the_formula(alpha, epsilon):
    method = prepared(DenseWeight(alpha, epsilon), LABELS)
    weights = method.weights(LABELS)
    assert (weights.shape, weights.dtype) == (LABELS.shape, torch.float32)
    np.testing.assert_allclose(weights.flatten(), by_hand(LABELS.flatten().tolist(), alpha, epsilon), rtol=1e-5)
    assert weights.mean().item() == pytest.approx(1)


def test_the_farther_from_the_crowd_the_more_a_label_weighs():
    weights = prepared(DenseWeight(), LABELS).weights(LABELS).flatten()
    assert 0 < weights[:6].min() <= weights[:6].max() < weights[6] < weights[7]


def test_equal_labels_weigh_alike():
    labels = torch.full((6, 1), 3.0)
    assert torch.equal(prepared(DenseWeight(), labels).weights(labels), torch.ones(6, 1))


def test_only_one_label_a_row_has_a_density_here():
    dataset = Dataset()
    assert "one scalar label" in DenseWeight.unsupported_reason(dataset)
    dataset.bins = Bins(0.0, 1.0, 4)
    assert DenseWeight.unsupported_reason(dataset) is None
    dataset.dense_targets = True
    assert "one scalar label" in DenseWeight.unsupported_reason(dataset)
