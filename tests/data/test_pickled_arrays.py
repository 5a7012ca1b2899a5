import io
import os
import pickle

import numpy as np
import pytest
from numpy.lib import format as npy

from bench.data.pickled_arrays import read_dict
from bench.errors import BenchError

ARRAYS = {
    "data": np.linspace(-1, 1, 60).reshape(20, 3),
    "label": np.asfortranarray(np.arange(12, dtype="f4").reshape(4, 3)),
    "rank": np.array([3, -1], dtype=">i8"),
    "mask": np.array([True, False]),
}


def save(path, content, protocol=4, rename=None):
    box = np.empty((), dtype=object)
    box[()] = content
    buffer = io.BytesIO()
    npy.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": ()})
    pickled = pickle.dumps(box, protocol=protocol)
    path.write_bytes(buffer.getvalue() + (pickled.replace(*rename) if rename else pickled))
    return path


def same(read, arrays):
    return list(read) == list(arrays) and all(
        np.array_equal(read[key], arrays[key]) and read[key].dtype == arrays[key].dtype for key in arrays
    )


def test_a_dict_saved_by_numpy_is_read_with_dtypes_and_order(tmp_path):
    np.save(tmp_path / "a.npy", ARRAYS, allow_pickle=True)
    assert same(read_dict(tmp_path / "a.npy"), ARRAYS)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_binary_pickle_protocol_is_read(tmp_path, protocol):
    assert same(read_dict(save(tmp_path / "a.npy", ARRAYS, protocol)), ARRAYS)


def test_a_file_written_by_numpy_1_is_read(tmp_path):
    path = save(tmp_path / "a.npy", ARRAYS, 2, rename=(b"numpy._core", b"numpy.core"))
    assert b"numpy.core" in path.read_bytes()
    assert same(read_dict(path), ARRAYS)


def test_an_empty_list_counts_as_an_empty_array(tmp_path):
    assert read_dict(save(tmp_path / "a.npy", {"color": []}))["color"].shape == (0,)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_file_that_names_a_function_is_refused_and_nothing_runs(tmp_path, protocol):
    path = save(tmp_path / "a.npy", {"data": Hostile(tmp_path / "ran")}, protocol)
    with pytest.raises(BenchError, match=r"a\.npy is not a saved dict"):
        read_dict(path)
    assert not (tmp_path / "ran").exists()
    np.load(path, allow_pickle=True)
    assert (tmp_path / "ran").exists(), "the file would have run code elsewhere"


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"data": 3},
        {"data": "text"},
        {"data": np.array([{}], dtype=object)},
        {"data": np.array(["text"])},
        {"data": np.zeros(2, dtype=[("x", "f4")])},
        {"data": {"deeper": np.zeros(2)}},
    ],
)
def test_anything_but_a_dict_of_numeric_arrays_is_refused(tmp_path, content):
    with pytest.raises(BenchError, match="not a saved dict of numeric arrays"):
        read_dict(save(tmp_path / "a.npy", content))


def test_a_cut_or_foreign_file_is_refused(tmp_path):
    whole = save(tmp_path / "a.npy", ARRAYS).read_bytes()
    np.save(tmp_path / "plain.npy", np.zeros(3))
    plain = (tmp_path / "plain.npy").read_bytes()
    for content in (whole[:-200], whole[:40], b"", b"<html>", plain):
        (tmp_path / "b.npy").write_bytes(content)
        with pytest.raises(BenchError, match=r"b\.npy is not a saved dict"):
            read_dict(tmp_path / "b.npy")
