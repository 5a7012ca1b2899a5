"""Abalone."""

import torch

from support.datasets import real


def test_abalone_gives_each_sex_a_column():
    dataset, root = real("abalone")
    x = dataset.load(root).train.x
    assert [len(torch.unique(column)) for column in x.T[:3]] == [2, 2, 2]
