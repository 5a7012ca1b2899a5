"""SAM: a step by hand, and what it leaves alone."""

import pytest
import torch
from torch import nn

from bench.method import Method
from bench.methods.sam import SAM
from bench.testing.toy import Toy
from bench.training.loop import Training


def quadratic(start):
    """Loss (w0² + 10·w1²) / 2, its gradient (w0, 10·w1); the weights seen by each pass."""
    w, idle = nn.Parameter(torch.tensor(start)), nn.Parameter(torch.tensor([7.0]))
    optimizer = torch.optim.SGD([{"params": [w]}, {"params": [idle]}], lr=0.1)
    seen = []

    def backward():
        seen.append(w.detach().clone())
        loss = (w[0] ** 2 + 10 * w[1] ** 2) / 2
        optimizer.zero_grad()
        loss.backward()
        return loss.detach()

    return w, idle, optimizer, backward, seen


def test_a_step_on_a_quadratic_is_that_by_hand():
    w, idle, optimizer, backward, seen = quadratic([3.0, 0.4])
    loss = SAM(rho=0.5).step(optimizer, backward)
    # gradient (3, 4) of norm 5: up to (3, .4) + .5·(.6, .8) = (3.3, .8), whose gradient is (3.3, 8)
    torch.testing.assert_close(torch.stack(seen), torch.tensor([[3.0, 0.4], [3.3, 0.8]]))
    torch.testing.assert_close(w.detach(), torch.tensor([3.0 - 0.33, 0.4 - 0.8]))
    assert loss.item() == pytest.approx((9 + 10 * 0.16) / 2)
    assert idle.item() == 7.0


def test_the_weights_go_back_to_the_bit_before_the_optimizer_moves_them():
    start = [0.1, 1e8]  # to which adding and taking away a small number loses it
    w, _, optimizer, backward, _ = quadratic(start)
    optimizer.param_groups[0]["lr"] = 0.0
    SAM(rho=0.3).step(optimizer, backward)
    assert torch.equal(w.detach(), torch.tensor(start))


def test_the_norm_is_over_all_parameters_together():
    first, second = (nn.Parameter(torch.tensor([value])) for value in (3.0, 4.0))
    optimizer = torch.optim.SGD([{"params": [first]}, {"params": [second]}], lr=1.0)
    seen = []

    def backward():
        seen.append((first.item(), second.item()))
        optimizer.zero_grad()
        loss = (first**2 + second**2).sum() / 2
        loss.backward()
        return loss.detach()

    SAM(rho=1.0).step(optimizer, backward)
    assert seen[1] == pytest.approx((3.6, 4.8))


def test_where_the_gradient_is_zero_nothing_moves():
    w, _, optimizer, backward, _ = quadratic([0.0, 0.0])
    SAM().step(optimizer, backward)
    assert torch.equal(w.detach(), torch.zeros(2))


def test_without_a_distance_training_is_the_baselines():
    toy = Toy()
    splits = toy.load(None)
    both = [Training(toy, toy.protocol, splits, method, 0, torch.device("cpu")) for method in (Method(), SAM(rho=0.0))]
    for training in both:
        training.fit()
    torch.testing.assert_close(*(training.predict(splits.test) for training in both))
