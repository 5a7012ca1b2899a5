"""Rows that stay on the disk are indexed as a tensor is."""

import numpy as np
import torch

from bench.data.stored import Coded, Stored, each


def test_stored_rows_are_indexed_as_a_tensor_is():
    array, rows = np.arange(24, dtype=np.uint8).reshape(6, 4), np.array([5, 0, 3])
    stored, values = Stored(array, rows), torch.arange(24) / 2
    expected = torch.from_numpy(array[rows])
    for index in (slice(1, 3), torch.tensor([2, 0]), [1, 1]):
        assert torch.equal(stored[index], expected[index])
        assert torch.equal(Coded(stored, values)[index], expected[index] / 2)
    assert (len(stored), stored.shape) == (3, (3, 4))
    doubled = each(Coded(stored, values), lambda given: given * 2 + 1)
    assert torch.equal(doubled[:], expected + 1.0)
    assert each(Coded(stored, values), lambda _: None) is None
