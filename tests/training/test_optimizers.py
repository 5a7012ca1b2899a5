"""Optimizers beside the formulas of `test_protocol_fields`."""

import pytest
import torch

from bench.method import Method
from support.tiny_training import Line, fitted


class Late(Method):
    """Has two weights of its own, of which the second gets no gradient in the first step."""

    def prepare(self, task):
        super().prepare(task)
        self.early, self.late = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
        self.steps = 0

    def regularizer(self, batch):
        self.steps += 1
        return self.early.sum() + (self.late.sum() if self.steps > 1 else 0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_takes_up_a_weight_whose_gradients_begin_later(momentum):
    method = Late()
    fitted(Line(), method, epochs=3, momentum=momentum)
    assert method.late.item() == pytest.approx(1 - 0.1 - 0.1 * (1 + momentum))
