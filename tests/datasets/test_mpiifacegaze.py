"""MPIIFaceGaze: the authors' files, whose people are where, and angles."""

import builtins

import numpy as np
import pytest
import torch

from bench.dataset import Examples
from bench.datasets import mpiifacegaze
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells
from support.datasets import NOWHERE, make, rows

TINY = "mpiifacegaze[backbone=tiny,images=synthetic,rows=300,size=32]"


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py", reason="needs the extra bench[gaze]", exc_type=ImportError)


def write(h5py, path, person, pictures=4, edge=24, **changed):
    """A file in the authors' form: blue, green and red planes, and labels of which the first two columns count."""
    data = np.zeros((pictures, 3, edge, edge), dtype=np.float32)
    data[:, 0], data[:, 2] = 10 * person, 200  # blue says who it is
    labels = np.zeros((pictures, 16))
    labels[:, 0], labels[:, 1] = -0.1, np.radians(np.arange(pictures))
    arrays = {"Data/data": data, "Data/label": labels, **changed}
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array


@pytest.fixture
def given(h5py, tmp_path):
    """A user's folder with the 15 files."""
    folder = tmp_path / "MPIIFaceGaze_normalizad"
    folder.mkdir()
    for person in range(15):
        write(h5py, folder / f"p{person:02}.mat", person)
    return folder


def test_the_authors_files_are_added_and_read(given, tmp_path, bench, monkeypatch):
    root = tmp_path / "data"
    code, out, errors = bench("data", "add", "mpiifacegaze", given, "--data", root)
    assert (code, errors) == (0, "")
    assert "15" in out
    on = resolve.dataset("mpiifacegaze[size=16]")
    splits = cells.load(on, root)
    assert rows(splits) == [44, 8, 8]
    assert splits.test.shared["person"].tolist() == ["13"] * 4 + ["14"] * 4
    torch.testing.assert_close(splits.val.labels[:4, 1], torch.arange(4.0))
    torch.testing.assert_close(splits.val.labels[:, 0], torch.full((8,), float(np.degrees(-0.1))))
    pixels = splits.val.x[torch.arange(8)].float().mean((2, 3))
    torch.testing.assert_close(pixels, torch.tensor([[200.0, 0, 110]] * 4 + [[200.0, 0, 120]] * 4))  # red, green, blue
    # a second time nothing is read but the labels
    with monkeypatch.context() as patched:
        patched.setattr(mpiifacegaze, "read_pictures", lambda path: pytest.fail("pictures are read again"))
        assert cells.load(resolve.dataset("mpiifacegaze[size=16]"), root).fingerprint() == splits.fingerprint()


def test_nobody_is_in_two_splits_and_each_fold_tests_on_its_person():
    splits = make(TINY).load(NOWHERE)
    seen = [set(split.shared["person"].tolist()) for split in (splits.train, splits.val, splits.test)]
    assert seen == [set(map(str, range(11))), {"11", "12"}, {"13", "14"}]
    assert sum(rows(splits)) == 300
    fold = make(TINY.replace("]", ",fold=14]")).load(NOWHERE)
    assert set(fold.test.shared["person"].tolist()) == {"14"}
    assert set(fold.val.shared["person"].tolist()) == {"0"}
    assert len(set(fold.train.shared["person"].tolist())) == 13


def test_the_synthetic_source_has_as_many_pictures_as_the_normalised_data():
    splits = make("mpiifacegaze[images=synthetic]").load(NOWHERE)
    assert rows(splits) == [33_000, 6_000, 6_000]
    assert splits.train.labels.shape == (33_000, 2)
    assert splits.train.x[:1].shape == (1, 3, 256, 256)
    assert splits.test.x[:1].shape == (1, 3, 224, 224)


def test_pictures_are_not_mirrored():
    on = make(TINY)
    half = torch.zeros(64, 3, 37, 37)
    half[:, :, :, 18:] = 255  # bright to the right in every crop that is not mirrored
    x = on.transform(Examples(half, torch.zeros(64, 2)), torch.Generator().manual_seed(0), "train").x
    left, right = x[..., :4].mean((1, 2, 3)), x[..., -4:].mean((1, 2, 3))
    assert (right >= left - 1e-3).all()
    assert (right > left + 10).any()


def test_methods_of_one_targets_bins_are_refused_and_the_others_are_not():
    on = resolve.dataset(TINY)
    assert "a gaze has two" in resolve.method("dex", on).refusal(on.dataset)
    assert "a gaze has two" in resolve.method("ranksim+lds", on).refusal(on.dataset)
    assert "a gaze has two" in resolve.method("rrt", on).refusal(on.dataset)  # which re-weights by bins too
    assert all(resolve.method(name, on).refusal(on.dataset) is None for name in ("l2cs", "rnc", "ranksim", "mt"))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"Data/label": np.full((4, 16), 2.0)}, "no angle in radians up to 90 degrees"),
        ({"Data/label": np.zeros((3, 16))}, r"labels of shape \(3, 16\), expected \(4, 2 or more\)"),
        ({"Data/data": np.zeros((4, 24, 24, 3))}, r"pictures of shape \(4, 24, 24, 3\), expected"),
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(h5py, given, tmp_path, changed, problem):
    write(h5py, given / "p07.mat", 7, **changed)
    with pytest.raises(BenchError, match=problem) as error:
        list(mpiifacegaze.collected(tmp_path / "data", given))
    assert "p07.mat" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_file_of_theirs_or_missing_is_named(given, tmp_path, bench):
    (given / "p03.mat").write_bytes(b"no file of Matlab")
    code, _, errors = bench("data", "add", "mpiifacegaze", given, "--data", tmp_path / "data")
    assert (code, errors.count("\n")) == (2, 1)
    assert "p03.mat is no normalised file" in errors
    (given / "p03.mat").unlink()
    code, _, errors = bench("data", "add", "mpiifacegaze", given, "--data", tmp_path / "data")
    assert code == 2
    assert "no p03.mat is below" in errors


def test_without_h5py_the_extra_is_named(given, tmp_path, monkeypatch):
    own = builtins.__import__
    monkeypatch.setattr(
        builtins, "__import__", lambda name, *rest: own("no such module" if name == "h5py" else name, *rest)
    )
    with pytest.raises(BenchError, match=r"install the extra bench\[gaze\]"):
        mpiifacegaze.read_labels(given / "p00.mat")
