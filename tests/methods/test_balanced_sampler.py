"""The balanced sampler: how often each label bin and each row is drawn."""

import numpy as np
import pytest
import torch

from bench.dataset import Bins, Dataset
from bench.methods.balanced_sampler import BalancedSampler
from bench.plugins import resolve
from support.batches import prepared
from support.datasets import train

COUNTS = np.array([60, 0, 30, 9, 1])
LABELS = torch.from_numpy(np.repeat(np.arange(5.0), COUNTS)).float()[:, None]
BINS = Bins(0.0, 1.0, 5)


def drawn(power, number=200):
    method = prepared(BalancedSampler(power), LABELS, bins=BINS)
    rng = torch.Generator().manual_seed(4)
    return torch.cat([method.sampler(len(LABELS), rng) for _ in range(number)])


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_a_bin_is_drawn_by_a_power_of_its_count(power):
    rows = drawn(power)
    found = np.bincount(LABELS[rows].flatten().long().numpy(), minlength=5) / len(rows)
    expected = np.where(COUNTS > 0, COUNTS.clip(1) ** power, 0)
    np.testing.assert_allclose(found, expected / expected.sum(), atol=4 * np.sqrt(0.25 / len(rows)))


def test_rows_of_a_bin_are_drawn_alike_and_an_epoch_is_as_long_as_before():
    rows = drawn(0.0)
    assert len(rows) == 200 * len(LABELS)
    first = rows[rows < 60].bincount(minlength=60) / (rows < 60).sum()
    np.testing.assert_allclose(first.numpy(), np.full(60, 1 / 60), atol=0.006)


def test_it_draws_from_the_generator_that_it_is_given():
    method = prepared(BalancedSampler(), LABELS, bins=BINS)
    first, again, other = (method.sampler(100, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rare_labels_are_predicted_better_on_a_table():
    on = resolve.dataset("airfoil[rows=synthetic]", {"protocol.epochs": 40, "protocol.validate_every": 40})
    splits = on.dataset.load(None)
    counts = on.dataset.bins.index(splits.train.labels).flatten().bincount(minlength=on.dataset.bins.number)
    rare = counts[on.dataset.bins.index(splits.test.labels).flatten()] <= 5
    assert rare.sum() > 10
    errors = [
        (train(on, splits, name).predict(splits.test) - splits.test.labels)[rare].abs().mean()
        for name in ("balanced_sampler", "baseline")
    ]
    assert errors[0] < errors[1]


def test_dense_labels_and_labels_without_bins_are_refused():
    dataset = Dataset()
    assert "no label bins" in BalancedSampler.unsupported_reason(dataset)
    dataset.bins = BINS
    assert BalancedSampler.unsupported_reason(dataset) is None
    dataset.dense_targets = True
    assert "a map of labels" in BalancedSampler.unsupported_reason(dataset)
