"""Distances of all pairs, near duplicates included."""

import pytest
import torch

from bench.functional.pair_distances import pair_distances


def test_distances_of_near_duplicates_survive_float32() -> None:
    x = 30 + torch.randn(20, 200, generator=torch.Generator().manual_seed(6))
    x[1], x[2] = x[0], x[0]
    x[2, 0] += 0.01
    x.requires_grad_()
    distances = pair_distances(x)
    step = (x[2, 0] - x[0, 0]).item()  # what is left of it in float32
    assert distances[0, 1].item() == 0
    assert distances[0, 2].item() == pytest.approx(step, rel=1e-5)
    torch.testing.assert_close(distances.detach(), torch.cdist(x.detach().double(), x.detach().double()))
    grad = torch.autograd.grad(distances[0, 1] + distances[0, 2], x)[0]
    assert grad[2, 0].item() == pytest.approx(1, rel=1e-3)
    assert grad[1].abs().max() == 0
