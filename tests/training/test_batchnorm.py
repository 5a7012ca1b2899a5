"""Batch normalisation over parts of a batch, by hand."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from bench.training.batchnorm import split_batchnorm
from support.batches import random


def test_batch_statistics_are_those_of_each_part_and_running_ones_those_of_the_first():
    linear, norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
    encoder, x = split_batchnorm(nn.Sequential(linear, norm), 3), random(8, 2)
    parts = [linear(part) for part in (x[:3], x[3:6], x[6:])]  # of 8 rows, as DataParallel cuts them
    by_hand = [(part - part.mean(0)) / (part.var(0, correction=0) + norm.eps).sqrt() for part in parts]
    torch.testing.assert_close(encoder(x), torch.cat(by_hand))
    torch.testing.assert_close(norm.running_mean, 0.1 * parts[0].mean(0))
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * parts[0].var(0))
    assert norm.num_batches_tracked == 1
    norm.eval()
    torch.testing.assert_close(encoder(x), (linear(x) - norm.running_mean) / (norm.running_var + norm.eps).sqrt())
    norm.train()
    encoder(x[:4])  # in two parts: three would leave one of a single row, which has no deviation


def test_a_copy_keeps_its_own_statistics():
    norm = split_batchnorm(nn.BatchNorm1d(2), 2)
    copy = deepcopy(norm)
    copy(random(8, 2))
    assert torch.equal(norm.running_mean, torch.zeros(2))
    assert not torch.equal(copy.running_mean, norm.running_mean)


@pytest.mark.parametrize("parts", [1, 2])
def test_the_gradient_is_that_of_the_parts(parts):
    x = random(8, 2).requires_grad_()
    made = split_batchnorm(nn.BatchNorm1d(2), parts)(x)
    by_hand = torch.cat([nn.BatchNorm1d(2)(part) for part in x.chunk(parts)])
    weight = random(8, 2, seed=1)
    expected, found = (torch.autograd.grad((one * weight).sum(), x)[0] for one in (by_hand, made))
    torch.testing.assert_close(found, expected)
