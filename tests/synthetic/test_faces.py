"""Painted faces: repeatable, and age can be read off them."""

import numpy as np
import pytest
import torch

from bench.synthetic.faces import DEVIATION, paint, sitters
from support.datasets import NOWHERE, tiny_faces


def test_a_picture_is_the_same_whatever_batch_it_is_in():
    columns = {name: torch.from_numpy(column) for name, column in sitters(np.arange(0, 100, 5), seed=3).items()}
    whole = paint(columns, 32)
    alone = paint({name: column[7:8] for name, column in columns.items()}, 32)
    assert (whole.dtype, tuple(whole.shape)) == (torch.uint8, (20, 3, 32, 32))
    assert torch.equal(whole[7:8], alone)
    assert paint({name: column[:0] for name, column in columns.items()}, 32).shape == (0, 3, 32, 32)


def test_painted_faces_depend_on_the_dataset_and_not_on_torchs_seed():
    torch.manual_seed(0)
    first = tiny_faces().dataset.load(NOWHERE)
    torch.manual_seed(1)
    again, other = tiny_faces().dataset.load(NOWHERE), tiny_faces("imdb_wiki").dataset.load(NOWHERE)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()
    assert torch.equal(first.test.x[:4], again.test.x[:4])


def test_age_can_be_read_off_painted_faces_but_not_below_the_noise():
    splits = tiny_faces(rows=1500).dataset.load(NOWHERE)

    def inputs(split):
        gray = split.x[torch.arange(len(split))].float().mean(1).flatten(1) / 255
        return gray - gray.mean(1, keepdim=True)

    x, y, age = inputs(splits.train), splits.train.labels, splits.test.labels
    weights = torch.linalg.solve(x.T @ x + 30 * torch.eye(x.shape[1]), x.T @ (y - y.mean()))
    error = (inputs(splits.test) @ weights + y.mean() - age).abs().mean()
    floor = DEVIATION * (2 / np.pi) ** 0.5  # mean absolute value of a normal deviate
    assert floor == pytest.approx(3.19, abs=0.005)
    assert floor < error < 0.75 * (y.median() - age).abs().mean()
