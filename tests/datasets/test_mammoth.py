"""The mammoth."""

import numpy as np

from bench.datasets.mammoth import to_npy
from support.datasets import real


def test_mammoth_points_come_from_the_scan():
    dataset, root = real("mammoth")
    scan = {tuple(point) for point in np.load(root / dataset.files[0].path)}
    assert all(tuple(point) in scan for point in dataset.load(root).test.labels.numpy())


def test_a_json_list_of_points_becomes_a_float32_array(tmp_path):
    (tmp_path / "a.npy").write_bytes(to_npy(b"[[1.5, 2, 3], [4, 5, 6]]"))
    array = np.load(tmp_path / "a.npy")
    assert array.dtype == np.float32
    assert array.tolist() == [[1.5, 2, 3], [4, 5, 6]]
