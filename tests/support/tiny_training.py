"""Training small enough to be followed by hand, and validation values that follow a script."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from bench.dataset import Dataset, Split, Splits
from bench.method import Method
from bench.metrics import METRICS
from bench.protocol import Protocol
from bench.training.loop import Training

START = (0.5, -1.0)  # weights of the head before the first step
CPU = torch.device("cpu")
STILL = 1e-30  # a learning rate at which no weight moves


class Line(Dataset):
    """Two inputs, one target, no encoder, a head of two weights: every step can be computed by hand.

    Errors at the start lie on both sides of 0 and of 1, so that no two losses have the same gradient.
    """

    metrics = ("mae", "pearson")
    protocol = Protocol(loss="mse", optimizer="sgd", lr=0.1, batch_size=None, epochs=1)

    def __init__(self, rows=8, shift=0.0, scale=1.0):
        self.rows, self.shift, self.scale = rows, shift, scale

    def load(self, root):
        rng = torch.Generator().manual_seed(3)

        def split(rows):
            x = torch.randn(rows, 2, generator=rng)
            return Split(x, 2 * x[:, :1] + torch.randn(rows, 1, generator=rng))

        return Splits(split(self.rows), split(5), split(6), self.shift, self.scale)

    def encoder(self, splits):
        return nn.Identity(), 2

    def head(self, width, outputs):
        head = nn.Linear(width, outputs, bias=False)
        with torch.no_grad():
            head.weight.copy_(torch.tensor([START[:width]]).expand(outputs, -1))
        return head


class Deep(Line):
    """As Line, over an encoder that is drawn: a layer, batch statistics and dropout."""

    def __init__(self, dropout=0.0, **given):
        super().__init__(**given)
        self.dropout = dropout

    def encoder(self, splits):
        return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(self.dropout)), 2


class Modes(Line):
    """Remembers what each batch is transformed for."""

    def __init__(self, **given):
        super().__init__(**given)
        self.modes = []

    def transform(self, examples, rng, mode):
        self.modes.append(mode)
        return replace(examples, x=examples.x + len(self.modes))


class Stages(Method):
    """The stages that it is given."""

    def __init__(self, *stages):
        super().__init__()
        self.given = stages

    def stages(self, protocol):
        return self.given


class EpochEnd(Method):
    """Keeps the features and targets of each pass over the training split."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def epoch_end(self, z, y, epoch):
        self.kept.append((z, y, epoch))


class Seen(Method):
    """Keeps the batches."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def loss(self, batch):
        self.batches.append(replace(batch, z=batch.z.detach().clone(), outputs=batch.outputs.detach()))
        return super().loss(batch)


def rows_of(method):
    return [batch.index.tolist() for batch in method.batches]


def prepared(dataset, method=None, seed=0, splits=None, user=None, **changes):
    """A training that has not begun; `user` are changes over every stage's protocol."""
    splits = splits or dataset.load(Path())
    protocol = replace(dataset.protocol, **changes)
    return Training(dataset, protocol, splits, method or Method(), seed, CPU, changes=user)


def fitted(dataset, method=None, **given):
    """A training that has ended; what it left is in `.result`."""
    training = prepared(dataset, method, **given)
    training.fit()
    return training


def state_of(network):
    """A copy of the weights and buffers of a network."""
    return {key: value.clone() for key, value in network.state_dict().items()}


def same(one, other):
    """Whether two states are equal bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def follow_script(monkeypatch, values, metric="mae", seen=lambda: None):
    """Make a metric give these values, one a validation, and call `seen` at each."""
    left = iter(values)

    def scripted(y_hat, y):
        seen()
        return next(left)

    monkeypatch.setitem(METRICS, metric, replace(METRICS[metric], function=scripted))
