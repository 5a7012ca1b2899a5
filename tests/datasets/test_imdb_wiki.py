"""IMDB-WIKI: its split, its pictures on the disk, and its raw meta data."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bench.bases.age_lists import balanced
from bench.data import adding
from bench.datasets import imdb_wiki
from bench.errors import BenchError
from bench.plugins import resolve
from bench.runs import cells
from support.datasets import make


@pytest.fixture
def album(tmp_path):
    """A user's folder with 60 pictures of IMDB-WIKI's form, 20 of each of three ages, and their list."""
    folder = tmp_path / "album"
    rows = []
    for number in range(60):
        path = f"imdb_crop/{number % 2:02}/{number}.jpg"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 20), (4 * number, 100, 50)).save(folder / path)
        rows.append((20 + number // 20, path, ("val", "test", "train", "train")[number % 4]))
    pd.DataFrame(rows, columns=["age", "path", "split"]).to_csv(folder / "imdb_wiki.csv", index=False)
    return folder


def added(album, root):
    on = make("imdb_wiki")
    adding.add(on, root, album)
    assert adding.take(on.folder, root, album) == (60, [])
    return root / "imdb_wiki"


def test_synthetic_imdb_wiki_has_the_published_splits_and_the_largest_published_age():
    counts = imdb_wiki.ImdbWiki.counts
    assert len(counts) == 187
    split = balanced(np.repeat(np.arange(187), counts), imdb_wiki.ImdbWiki.cap)
    assert [int((split == name).sum()) for name in ("train", "val", "test")] == [191509, 11022, 11022]
    held = np.minimum(counts // 3, 150) * (np.arange(187) < 121)
    train = counts - 2 * held
    assert (counts.sum(), train.max()) == (213553, 7149)
    assert [int(held[chosen].sum()) for chosen in (train > 100, (train >= 20) & (train <= 100), train < 20)] == [
        10010,
        907,
        105,
    ]


def test_pictures_and_list_are_added_by_name_and_read(album, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(album / "imdb_crop" / "01", album / "elsewhere")
    shutil.rmtree(album / "imdb_crop" / "01")
    added(album, root)
    on = resolve.dataset("imdb_wiki[size=16]")
    splits = cells.load(on, root)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [30, 15, 15]
    # rows 0, 4, 8, ... validate; a JPEG of one colour keeps it but for rounding
    red = splits.val.x[torch.arange(15)].float().mean((2, 3))[:, 0]
    torch.testing.assert_close(red, 4.0 * torch.arange(0, 60, 4), rtol=0, atol=3)
    assert splits.val.labels.flatten().tolist() == [20.0 + row // 20 for row in range(0, 60, 4)]
    assert on.dataset.sample(splits.val, 0).shape == (16, 16, 3)


def test_a_second_load_decodes_nothing_and_a_changed_picture_is_decoded_anew(album, tmp_path, monkeypatch):
    folder = added(album, tmp_path)
    on = make("imdb_wiki[size=16]")
    first = on.load(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", lambda *_: pytest.fail("a picture is decoded again"))
        assert on.load(tmp_path).fingerprint() == first.fingerprint()
    Image.new("RGB", (30, 30), "white").save(folder / "imdb_crop/00/0.jpg")
    second = on.load(tmp_path)
    assert second.val.x[:1].min() > 250
    assert second.fingerprint() != first.fingerprint()
    assert torch.equal(second.val.x[1:], first.val.x[1:])


@pytest.mark.parametrize("harm", ["missing", "truncated", "no picture"])
def test_a_bad_picture_is_one_line_that_names_it_before_any_training(album, tmp_path, bench, harm):
    bad = added(album, tmp_path) / "imdb_crop" / "01" / "7.jpg"
    if harm == "missing":
        bad.unlink()
    else:
        bad.write_bytes(bad.read_bytes()[:-200] if harm == "truncated" else b"no picture")
    results = tmp_path / "results"
    words = ("run", "--method", "baseline", "--dataset", "imdb_wiki[size=16]", "--data", tmp_path, "--results", results)
    code, out, errors = bench(*words)
    assert code == 2
    last = errors.strip().splitlines()[-1]
    assert last.startswith("bench: ")
    assert "7.jpg" in last
    assert "Traceback" not in out + errors
    assert not results.exists()


def test_adding_a_folder_without_pictures_or_list_says_what_is_missing(tmp_path, bench, album):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, errors = bench("data", "add", "agedb", empty, "--data", tmp_path / "data")
    assert code == 2
    assert "agedb.csv" in errors
    assert "bench data fetch agedb" in errors
    code, _, errors = bench("data", "add", "imdb_wiki", empty, "--data", tmp_path / "data")
    assert code == 2
    assert "neither imdb_wiki.csv nor imdb.mat" in errors
    shutil.rmtree(album / "imdb_crop")
    code, _, errors = bench("data", "add", "imdb_wiki", album, "--data", tmp_path / "data")
    assert code == 2
    assert "none of the 60 files" in errors


def test_of_two_files_with_one_name_the_one_in_the_listed_folder_is_taken(album, tmp_path):
    (album / "a").mkdir()
    Image.new("RGB", (20, 20), "white").save(album / "a" / "0.jpg")
    taken = added(album, tmp_path) / "imdb_crop" / "00" / "0.jpg"
    assert taken.read_bytes() == (album / "imdb_crop" / "00" / "0.jpg").read_bytes()


def write_meta(path, name, births, **columns):
    from scipy.io import savemat

    dob = [np.datetime64(birth).astype(int) + 719163 + 366 for birth in births]  # day 1 is 0001-01-01
    paths = np.array([f"{number:02}/{name}{number}.jpg" for number in range(len(births))], dtype=object)
    savemat(path, {name: {"dob": np.array(dob), "full_path": paths, **columns}})


def test_ages_follow_the_published_recipe(tmp_path):
    births = ["1950-06-30", "1950-07-01", "1950-01-01", "1950-01-01", "1950-01-01", "2010-01-01"]
    write_meta(
        tmp_path / "imdb.mat",
        "imdb",
        births,
        photo_taken=np.array([2000, 2000, 2000, 2000, 2000, 2000], dtype=np.uint16),
        face_score=np.array([1.0, 3.0, 0.9, 2.0, -np.inf, 2.0]),
        second_face_score=np.array([np.nan, -1.0, np.nan, 1.5, np.nan, np.nan]),
    )
    kept = imdb_wiki.eligible(imdb_wiki.read_meta(tmp_path / "imdb.mat", "imdb"))
    assert kept.values.tolist() == [[50, "00/imdb0.jpg"], [49, "01/imdb1.jpg"]]


def test_the_list_is_made_where_only_the_raw_meta_data_is_there(tmp_path):
    for name in ("imdb", "wiki"):
        columns = {"photo_taken": np.full(9, 2000), "face_score": np.full(9, 2.0)}
        write_meta(tmp_path / f"{name}.mat", name, ["1970-03-01"] * 9, second_face_score=np.full(9, np.nan), **columns)
    table = imdb_wiki.made(tmp_path)
    assert table.age.unique().tolist() == [30]
    assert table.path.tolist()[::9] == ["imdb_crop/00/imdb0.jpg", "wiki_crop/00/wiki0.jpg"]
    assert table.split.value_counts().to_dict() == {"train": 6, "val": 6, "test": 6}
    (tmp_path / "wiki.mat").write_bytes(b"no meta data")
    with pytest.raises(BenchError, match=r"wiki\.mat is not the authors' meta data"):
        imdb_wiki.made(tmp_path)
