"""Focal-R against its formula, and its defaults."""

import torch

from bench.methods.focal_r import FocalR, focal_r
from bench.protocol import Protocol
from support.batches import batch_of, random


def test_focal_r_weighs_samples_and_fades_by_tanh_if_asked():
    y_hat, y, w = random(5, 1), random(5, 1, seed=1), random(5, 1, seed=2).abs()
    error = (y_hat - y).abs()
    expected = (w * torch.tanh(3 * error) ** 2 * error**2).mean()
    torch.testing.assert_close(focal_r(y_hat, y, w, 2, "tanh", 3.0, 2.0), expected)
    method = FocalR(power=2, activation="tanh", beta=3.0, gamma=2.0)
    torch.testing.assert_close(method.loss(batch_of(random(5, 3), y, y_hat, w=w)), expected)


def test_focal_r_follows_the_loss_of_the_dataset():
    assert FocalR.defaults_for("airfoil", Protocol(loss="l1")) == {"power": 1}
    assert FocalR.defaults_for("stsb", Protocol(loss="mse")) == {"power": 2, "beta": 20.0}
