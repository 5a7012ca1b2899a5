"""Isotonic calibration: the fit by hand, each target for itself, and no other order."""

import pytest
import torch

from bench.dataset import Dataset
from bench.method import Method
from bench.methods.isotonic import Isotonic
from bench.testing.toy import Toy
from bench.training.loop import Training
from support.batches import random


def calibrated(y_hat, labels, new):
    method = Isotonic()
    method.calibrate(y_hat, labels)
    return method.calibrated(new)


def column(*values):
    return torch.tensor(values)[:, None]


def test_neighbours_in_the_wrong_order_are_pooled_and_the_ends_are_kept():
    # labels 1, 5, 3, 8 in the order of the predictions: 5 and 3 pool to 4
    y_hat, labels = column(0.0, 1.0, 2.0, 3.0), column(1.0, 5.0, 3.0, 8.0)
    new = column(0.0, 1.0, 1.7, 2.0, 2.5, 3.0, -9.0, 99.0)
    torch.testing.assert_close(calibrated(y_hat, labels, new), column(1.0, 4.0, 4.0, 4.0, 6.0, 8.0, 1.0, 8.0))


def test_any_increasing_function_of_the_labels_is_undone():
    labels = random(200, 1).sort(0).values
    found = calibrated(labels.exp() - 5, labels, labels.exp() - 5)
    torch.testing.assert_close(found, labels)


@pytest.mark.parametrize("targets", [1, 3])
def test_targets_are_corrected_apart_and_none_overtakes_another(targets):
    y_hat, labels, new = random(60, targets), random(60, targets, seed=1) * 3 + 7, 2 * random(90, targets, seed=2)
    found = calibrated(y_hat, labels, new)
    assert (found.shape, found.dtype) == (new.shape, new.dtype)
    for t in range(targets):
        assert (found[new[:, t].argsort(), t].diff() >= 0).all()
        alone = calibrated(y_hat[:, t : t + 1], labels[:, t : t + 1], new[:, t : t + 1])
        torch.testing.assert_close(found[:, t : t + 1], alone)
    # the mean of a pooled group is that of its labels, so that of all is too
    torch.testing.assert_close(calibrated(y_hat, labels, y_hat).mean(0), labels.mean(0))


@pytest.mark.parametrize("targets", [1, 3])
def test_validation_errors_shrink_the_network_stays_and_test_predictions_keep_their_order(targets):
    toy = Toy(targets)
    splits = toy.load(None)
    plain, better = (
        Training(toy, toy.protocol, splits, method, 0, torch.device("cpu")) for method in (Method(), Isotonic())
    )
    for training in (plain, better):
        training.fit()
    torch.testing.assert_close(dict(better.network.state_dict()), dict(plain.network.state_dict()), rtol=0, atol=0)
    errors = [(t.predict(splits.val) - splits.val.labels).square().mean() for t in (better, plain)]
    assert errors[0] < errors[1]
    before, after = plain.predict(splits.test), better.predict(splits.test)
    for t in range(targets):
        assert (after[before[:, t].argsort(), t].diff() >= 0).all()


def test_maps_are_refused():
    dataset = Dataset()
    assert Isotonic.unsupported_reason(dataset) is None
    dataset.dense_targets = True
    assert "a map" in Isotonic.unsupported_reason(dataset)
