"""The mammoth."""

import numpy as np
import pytest

from bench.data import files
from bench.datasets.mammoth import to_npy
from bench.errors import BenchError
from support.datasets import make, real, rows


def test_mammoth_points_come_from_the_scan():
    dataset, root = real("mammoth")
    scan = {tuple(point) for point in np.load(root / dataset.files[0].path)}
    assert all(tuple(point) in scan for point in dataset.load(root).test.labels.numpy())


def test_a_json_list_of_points_becomes_a_float32_array(tmp_path):
    (tmp_path / "a.npy").write_bytes(to_npy(b"[[1.5, 2, 3], [4, 5, 6]]"))
    array = np.load(tmp_path / "a.npy")
    assert array.dtype == np.float32
    assert array.tolist() == [[1.5, 2, 3], [4, 5, 6]]


def test_the_published_points_are_read_as_pandas_and_numpy_saved_them(tmp_path):
    # PH-Reg's script draws from a table, whose array is in Fortran's order
    dataset = make("mammoth[points=published]")
    points = np.asfortranarray(np.random.default_rng(0).random((3000, 3)))
    (tmp_path / "coordinates").mkdir()
    content = {"data": np.arange(3e5).reshape(3000, 100), "label": points, "color": []}
    np.save(tmp_path / dataset.files[0].path, content, allow_pickle=True)
    splits = dataset.load(tmp_path)
    assert rows(splits) == [100, 100, 2800]
    np.testing.assert_array_equal(splits.test.labels, points[200:].astype(np.float32))
    assert (dataset.synthetic, dataset.reported, dataset.offline) == (
        False,
        "coordinate-mammoth",
        "mammoth[points=synthetic]",
    )


def test_the_published_points_are_fetched_from_phregs_repository_and_other_bytes_are_refused(tmp_path):
    dataset = make("mammoth[points=published]")
    (file,) = dataset.files
    assert (file.checksum[0], len(file.checksum[1])) == ("Git hash", 40)
    assert file.url.endswith("/needylove/PH-Reg/8b1d95ea6b5b/data/mammoth.npy")
    with pytest.raises(BenchError, match="run `bench data fetch 'mammoth"):
        files.verify(dataset, tmp_path, "mammoth[points=published]")
    with pytest.raises(BenchError, match="one fixed draw"):
        make("mammoth[points=published,draw=1]")
