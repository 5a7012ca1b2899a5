"""Gaussian likelihood against PyTorch's, beta-NLL by its gradient, and what a record gets."""

import numpy as np
import pytest
import torch
from torch import nn

from bench import probabilistic
from bench.method import Batch
from bench.methods.gaussian_nll import GaussianNLL
from bench.methods.mt import MultipleTargets
from bench.stack import Stack
from bench.testing.toy import Toy
from bench.training.loop import Training
from support.batches import random


def batch_of(method, outputs, y, w=None):
    return Batch(y=y, w=w, z=outputs, outputs=outputs, targets=method.targets(y), predict=method.predict)


@pytest.mark.parametrize("targets", [1, 3])
def test_the_loss_is_pytorchs(targets):
    method = GaussianNLL(epsilon=0.01)
    outputs, y = random(9, 2 * targets, dtype=torch.float64), random(9, targets, seed=1, dtype=torch.float64)
    variance = nn.functional.softplus(outputs[:, targets:]) + 0.01
    expected = nn.GaussianNLLLoss()(outputs[:, :targets], y, variance)
    torch.testing.assert_close(method.loss(batch_of(method, outputs, y)), expected)
    torch.testing.assert_close(method.columns(outputs)["deviation"], variance.sqrt())
    assert torch.equal(method.predict(outputs), outputs[:, :targets])


def test_a_rows_weight_multiplies_its_loss_and_the_mean_is_over_the_batch():
    method, outputs, y = GaussianNLL(), random(4, 2), random(4, 1, seed=1)
    alone = torch.stack([method.loss(batch_of(method, outputs[i : i + 1], y[i : i + 1])) for i in range(4)])
    w = torch.tensor([[0.5], [2.0], [0.0], [1.0]])
    torch.testing.assert_close(method.loss(batch_of(method, outputs, y, w)), (alone * w.flatten()).mean())


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_beta_scales_the_gradient_of_the_mean_by_a_power_of_the_variance(beta):
    method = GaussianNLL(epsilon=0.0, beta=beta)
    outputs, y = random(6, 2, dtype=torch.float64).requires_grad_(), random(6, 1, seed=1, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(method.loss(batch_of(method, outputs, y)), outputs)
    variance = nn.functional.softplus(outputs[:, 1:])
    expected = (outputs[:, :1] - y) * variance ** (beta - 1) / 6  # equation 6 of Seitzer et al., the mean of 6 rows
    torch.testing.assert_close(gradient[:, :1], expected.detach())


def test_the_variance_never_falls_below_its_least():
    method = GaussianNLL(epsilon=1e-4)
    outputs = torch.tensor([[0.0, -1e4]], requires_grad=True)
    assert method.columns(outputs)["deviation"].item() == pytest.approx(1e-2)
    (gradient,) = torch.autograd.grad(method.loss(batch_of(method, outputs, torch.ones(1, 1))), outputs)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("targets", [1, 3])
def test_the_deviation_is_scored_in_label_units_and_finds_noise_that_depends_on_x(targets):
    class Noisy(Toy):
        """The first half of the rows, told by the first input, is nine times as noisy."""

        def load(self, root):
            splits = super().load(root)
            rng = torch.Generator().manual_seed(1)
            for split in (splits.train, splits.val, splits.test):
                split.x[:, 0] = torch.where(torch.arange(len(split)) % 2 == 0, 1.0, -1.0)
                spread = torch.where(split.x[:, :1] > 0, 9.0, 1.0)
                split.labels = 20 + spread * torch.randn(split.labels.shape, generator=rng)
            splits.shift, splits.scale = 20.0, 5.0
            return splits

    toy = Noisy(targets, rows=800)
    splits, changes = toy.load(None), {"epochs": 30, "validate_every": 30}
    training = Training(toy, toy.protocol, splits, GaussianNLL(), 0, torch.device("cpu"), changes=changes)
    training.fit()
    found = training.predict_columns(splits.test)
    loud = splits.test.x[:, 0] > 0
    assert found["deviation"].shape == splits.test.labels.shape
    assert found["deviation"][loud].mean().item() == pytest.approx(9, rel=0.25)
    assert found["deviation"][~loud].mean().item() == pytest.approx(1, rel=0.4)
    arrays = {key: value.double().numpy() for key, value in found.items()}
    scores = probabilistic.scores(arrays.pop("mean"), arrays, splits.test.labels.double().numpy())
    assert np.isfinite([*scores.values()]).all()
    assert set(scores) == {"nll", "crps", "coverage90"}


def test_it_fills_the_head_and_the_loss():
    assert GaussianNLL.slots() == ("head", "loss")
    with pytest.raises(Exception, match="'head'"):
        Stack([("gaussian_nll", GaussianNLL()), ("mt", MultipleTargets())])
