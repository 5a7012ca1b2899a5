"""The learning rate, epoch by epoch."""

import pytest
import torch
from torch import nn

from bench.protocol import Protocol
from bench.training.schedule import set_rate


def test_milestones_and_cosine_move_the_learning_rate():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    optimizer.param_groups[0] |= {"initial_lr": 1.0, "scheduled": True}

    def rate(protocol, epoch):
        set_rate(optimizer, protocol, epoch)
        return optimizer.param_groups[0]["lr"]

    steps = Protocol(epochs=90, milestones=(60, 80))
    assert [rate(steps, e) for e in (60, 61, 81)] == pytest.approx([1, 0.1, 0.01])
    assert rate(Protocol(epochs=4, cosine_floor=0.2), 2) == pytest.approx(0.6)
    assert rate(Protocol(epochs=4, cosine_floor=0.2), 4) == pytest.approx(0.2)
