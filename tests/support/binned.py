"""A batch for the methods that classify bins, and functions written out."""

import math

import torch

from bench import plugins
from bench.dataset import Bins
from bench.method import Batch, Task
from bench.protocol import Protocol

LABELS = torch.tensor([[1.0], [1.0], [2.0], [4.0], [4.0], [4.0]])
SHIFT, SCALE = 2.0, 4.0


def prepared(name, **params):
    method = plugins.load("method", name)(**params)
    y = (LABELS - SHIFT) / SCALE
    method.prepare(Task(LABELS, y, SHIFT, SCALE, 3, Bins(0.0, 1.0, 6), Protocol(), torch.Generator()))
    outputs = method.head(lambda k: torch.nn.Linear(3, k), 1)(
        torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    )
    outputs = outputs.detach()
    w = torch.tensor([[0.5], [1.0], [1.0], [2.0], [1.0], [0.5]])
    return method, Batch(y, w, torch.zeros(6, 3), outputs, method.targets(y), method.predict)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def softmax(row):
    total = sum(math.exp(v) for v in row)
    return [math.exp(v) / total for v in row]
