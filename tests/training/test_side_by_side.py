"""Seeds that train side by side: each leaves what it leaves alone."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.method import Method
from bench.plugins import resolve
from bench.training.loop import Diverged, Training
from bench.training.side_by_side import SMALL, VECTOR, SideBySide, _Linear, obstacle
from support.tiny_training import CPU, Deep, Line, follow_script

TABLE = "airfoil[hidden=20-30-10,rows=synthetic]"
# a task loss, weights, classes, several outputs, views, statistics of epochs, an average of weights, parameters
METHODS = (
    "baseline",
    "lds",
    "dex",
    "gaussian_nll",
    "vir",
    "uvote",
    "conr",
    "fds",
    "srl",
    "ema",
    "balanced_mse",
    "mt+ranksim",
    "cmixup",
)


@pytest.fixture(autouse=True)
def one_thread():
    # as workers have: several share the terms of a sum, and so round them otherwise
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trainings(dataset, method, seeds, **changes):
    """Of each seed one that has not begun."""
    on = resolve.dataset(dataset, {f"protocol.{name}": value for name, value in changes.items()})
    splits, named = on.dataset.load(Path()), resolve.method(method, on)
    return [Training(on.dataset, on.protocol, splits, named.build_method(), seed, CPU) for seed in seeds]


@pytest.mark.parametrize("method", METHODS)
def test_a_table_is_predicted_as_by_each_seed_alone(method):
    together, alone = (trainings(TABLE, method, (0, 3, 7), epochs=3, validate_every=1, lr=0.01) for _ in range(2))
    _same(together, alone)


@pytest.mark.parametrize("method", ["baseline", "oe", "mt+ranksim", "rot_reg", "ph_reg"])
def test_coordinates_are_predicted_as_by_each_seed_alone(method):
    together, alone = (trainings("circle", method, (1, 2), epochs=20, validate_every=5) for _ in range(2))
    _same(together, alone)


def _same(together, alone):
    assert obstacle(together[0]) is None
    fits = SideBySide(together).fit()
    for one, other, fit in zip(together, alone, fits, strict=True):
        left = other.fit()
        assert fit.selection["epoch"] == left.selection["epoch"]
        for row, expected in zip(fit.history, left.history, strict=True):
            assert row["loss"] == pytest.approx(expected["loss"], rel=1e-5)
        torch.testing.assert_close(one.predict(one.val), other.predict(other.val), rtol=1e-5, atol=1e-5)
    assert len({float(one.predict(one.val)[0, 0]) for one in together}) == len(together)


@pytest.mark.parametrize(
    "shape", [(2, 3, 4), (1, 30, 30), (30, 1, 30), (30, 30, 1), (8, 7, 7), (64, 20, 30), (9, 64, 2)]
)
def test_layers_give_the_outputs_and_gradients_of_each(shape):
    rows, inputs, outputs = shape
    layers = [nn.Linear(inputs, outputs) for _ in range(3)]
    alone = [nn.Linear(inputs, outputs) for _ in range(3)]
    for one, other in zip(alone, layers, strict=True):
        one.load_state_dict(other.state_dict())
    stacked = _Linear(layers)
    x = torch.randn(3, rows, inputs, requires_grad=True)
    weights = torch.randn(3, rows, outputs)
    (stacked(x) * weights).sum().backward()
    for seed, layer in enumerate(alone):
        own = x[seed].detach().requires_grad_()
        (layer(own) * weights[seed]).sum().backward()
        torch.testing.assert_close(x.grad[seed], own.grad)
        for name in ("weight", "bias"):
            torch.testing.assert_close(getattr(stacked, name).grad[seed], getattr(layer, name).grad)
    assert math.prod((2, 3, 4)) < SMALL


@pytest.mark.parametrize("rows", [3, 5, 195])
def test_a_short_batch_is_multiplied_as_alone_wherever_it_lies_in_memory(rows):
    layers = [nn.Linear(30, 10) for _ in range(3)]
    alone = [nn.Linear(30, 10) for _ in range(3)]
    for one, other in zip(alone, layers, strict=True):
        one.load_state_dict(other.state_dict())
    x = torch.randn(3, rows, 30)
    outputs = _Linear(layers)(x)
    for seed, layer in enumerate(alone):
        assert layers[seed].weight.data_ptr() % (4 * VECTOR) == 0
        assert torch.equal(outputs[seed], layer(x[seed].clone()))


@pytest.mark.parametrize("rows", [41, 64])
def test_the_weights_of_an_odd_head_are_moved_as_alone(rows):
    # 290 weights of each seed: in one product those of every second seed would begin amid a vector
    layers, alone = ([nn.Linear(10, 29) for _ in range(4)] for _ in range(2))
    for one, other in zip(alone, layers, strict=True):
        one.load_state_dict(other.state_dict())
    x, far = torch.randn(4, rows, 10, requires_grad=True), torch.randn(4, rows, 29)
    whole = _Linear(layers)
    (whole(x) * far).sum().backward()
    for seed, layer in enumerate(alone):
        own = x[seed].detach().clone().requires_grad_()
        (layer(own) * far[seed].clone()).sum().backward()
        assert torch.equal(whole.weight.grad[seed], layer.weight.grad)
        assert torch.equal(x.grad[seed], own.grad)


def test_a_seed_whose_loss_is_not_finite_ends_alone():
    class Breaks(Method):
        def loss(self, batch):
            return super().loss(batch) * (math.nan if self.broken else 1.0)

    seeds = trainings(TABLE, "baseline", (0, 1, 2), epochs=2, validate_every=1)
    alone = trainings(TABLE, "baseline", (2,), epochs=2, validate_every=1)[0]
    alone.fit()
    for number, training in enumerate(seeds):
        method = Breaks()
        method.prepare(training.method.task)
        method.broken = number == 1
        training.method = method
    first, second, third = SideBySide(seeds).fit()
    assert isinstance(second, Diverged)
    assert first.selection["epoch"]
    assert third.selection["epoch"]
    torch.testing.assert_close(seeds[2].predict(seeds[2].val), alone.predict(alone.val), rtol=1e-5, atol=1e-5)


def test_a_seed_ends_by_its_own_patience(monkeypatch):
    # values of seed 0 and seed 1, one after the other; the first stops after two checks without improvement
    follow_script(monkeypatch, [1.0, 1.0, 2.0, 0.9, 3.0, 0.8, 0.7])
    dataset = Layers()
    protocol = replace(dataset.protocol, epochs=4, patience=2)
    splits = dataset.load(Path())
    seeds = [Training(dataset, protocol, splits, Method(), seed, CPU) for seed in (0, 1)]
    first, second = SideBySide(seeds).fit()
    assert [row["epoch"] for row in first.history] == [1, 2, 3]
    assert [row["epoch"] for row in second.history] == [1, 2, 3, 4]
    assert (first.selection["epoch"], second.selection["epoch"]) == (1, 4)


class Layers(Line):
    """As Line, with layers that can be stacked."""

    def encoder(self, splits):
        return nn.Sequential(nn.Linear(2, 3), nn.ReLU()), 3

    def head(self, width, outputs):
        return nn.Linear(width, outputs)


def test_times_are_shares():
    seeds = trainings(TABLE, "baseline", (0, 1, 2, 3), epochs=2, validate_every=1)
    began = seeds[0].start
    fits = SideBySide(seeds).fit()
    assert all(training.at_once == 4 for training in seeds)
    assert sum(sum(fit.step_s) for fit in fits) <= 4 * max(fit.train_s for fit in fits)
    assert began == seeds[0].start


@pytest.mark.parametrize(
    ("dataset", "method", "changes", "why"),
    [
        (TABLE, "rnc", {}, "slot 'stages'"),
        (TABLE, "sam", {}, "slot 'step'"),
        (TABLE, "baseline", {"clip": 1.0}, "clips"),
        (TABLE, "infdrop", {}, "Sequential"),
        ("digits", "baseline", {}, "Brightness"),
    ],
)
def test_what_seeds_cannot_share_is_said(dataset, method, changes, why):
    (training,) = trainings(dataset, method, (0,), **changes)
    assert why in (obstacle(training) or "")


def test_dropout_and_batch_statistics_are_obstacles():
    dataset = Deep(dropout=0.1)
    training = Training(dataset, dataset.protocol, dataset.load(Path()), Method(), 0, CPU)
    assert "BatchNorm1d" in (obstacle(training) or "")
