"""Views of tables and coordinates."""

import pytest
import torch

from support.datasets import NOWHERE, SHAPES, TABLES, make, transformed


@pytest.mark.parametrize("name", [*SHAPES, *(f"{table}[rows=synthetic]" for table in TABLES)])
def test_two_views_differ_a_little_and_repeat_with_their_generator(name):
    dataset = make(name)
    x = dataset.load(NOWHERE).train.x
    first, second = (transformed(dataset, x, "view", seed) for seed in (0, 1))
    assert not torch.equal(first, second)
    assert torch.equal(first, transformed(dataset, x, "view"))
    assert 0 < ((first - x).std(0) / x.std(0)).max() < 0.1
