"""Decoded copies: whole or made anew, removed once out of date, and parts of those that were killed."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.data import depth_cache, image_cache, kept, word_vectors
from bench.errors import BenchError
from support.depth_pictures import save

CPU = torch.device("cpu")
NAMES = [f"{k}.png" for k in range(6)]


@pytest.fixture
def pictures(tmp_path):
    for k, name in enumerate(NAMES):
        Image.new("RGB", (8, 8), (40 * k, 9, 9)).save(tmp_path / name)
    return tmp_path


def stored(folder, names=NAMES, edge=8):
    return image_cache.store(folder, names, edge, "squeezed", folder / "decoded")


def reds(found):
    return found.fetch(torch.arange(len(found.table)), CPU)[:, 0, 0, 0].tolist()


def copies(folder):
    return sorted(path for path in (folder / "decoded").iterdir() if not path.name.startswith("."))


def cut(path):
    path.write_bytes(path.read_bytes()[:-50])


def flip(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 255
    path.write_bytes(raw)


HARMS = [cut, flip, Path.unlink, lambda path: path.write_bytes(b"")]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["*.arrow", "seal.json"])
def test_damaged_pictures_are_decoded_again(harm, name, pictures):
    assert reds(stored(pictures)) == [0, 40, 80, 120, 160, 200]
    (place,) = copies(pictures)
    harm(next(place.glob(name)))
    assert reds(stored(pictures)) == [0, 40, 80, 120, 160, 200]
    assert copies(pictures) == [place]
    assert kept.is_whole(place)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["pictures.npy", "depths.npy", "digest", "seal.json"])
def test_damaged_depth_maps_are_decoded_again(harm, name, tmp_path):
    for k in range(3):
        save(tmp_path / f"{k}c.png", np.full((16, 16, 3), 50 * k, np.uint8))
        save(tmp_path / f"{k}d.png", np.full((16, 16), 60 * k, np.uint8))
    pairs = [(f"{k}c.png", f"{k}d.png") for k in range(3)]
    first = depth_cache.decode(tmp_path, "train", pairs, (16, 16), "8-bit")
    whole, digest = np.array(first.pictures), first.digest
    (place,) = copies(tmp_path)
    harm(place / name)
    again = depth_cache.decode(tmp_path, "train", pairs, (16, 16), "8-bit")
    assert (again.pictures == whole).all()
    assert again.depths[:, 0, 0].tolist() == [0, 60, 120]
    assert again.digest == digest


def test_a_copied_data_folder_is_hashed_and_not_decoded_again(pictures, monkeypatch):
    stored(pictures)
    (place,) = copies(pictures)
    shutil.copytree(place, pictures / "aside", copy_function=shutil.copyfile)
    shutil.rmtree(place)
    (pictures / "aside").rename(place)
    monkeypatch.setattr(image_cache, "_decode", lambda *_: pytest.fail("it is decoded again"))
    assert reds(stored(pictures))[5] == 200


def test_of_many_touches_one_copy_is_left_and_valid_ones_of_other_settings_stay(pictures):
    stored(pictures, NAMES[:3])
    stored(pictures, NAMES, edge=4)
    for k in range(3):
        os.utime(pictures / NAMES[5], ns=(k, k))
        stored(pictures)
    names = [path.name for path in copies(pictures)]
    assert [name.rpartition("-")[0] for name in names] == ["squeezed-8-3", "squeezed-8-6"]
    (pictures / NAMES[0]).unlink()
    stored(pictures, NAMES[1:])
    assert [path.name.rpartition("-")[0] for path in copies(pictures)] == ["squeezed-8-5"]


def test_a_full_disk_is_one_line_before_anything_is_decoded(pictures, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1000))
    with pytest.raises(BenchError, match=r"decoding 6 pictures needs 0\.1 GB, and 0\.0 GB are free at .*; make room"):
        stored(pictures)
    assert copies(pictures) == []
    assert not list(pictures.rglob(".part-*"))


def test_a_disk_that_fills_up_meanwhile_is_one_line_and_leaves_nothing(pictures, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(image_cache, "_decode", full)
    with pytest.raises(BenchError, match=r"cannot write to .*decoded: No space left on device; make room"):
        stored(pictures)
    assert not list(pictures.rglob(".part-*"))


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_word_vectors_and_tokens_are_made_again(harm, tmp_path):
    path = tmp_path / word_vectors.GLOVE_840B.alternatives[0].path
    path.parent.mkdir()
    path.write_text("the " + " ".join(["0.5"] * 300) + "\n", encoding="utf-8")
    first = word_vectors.word_vectors(["dog", "the"], "glove840b", tmp_path)
    (made,) = path.parent.glob("*.npz")
    harm(made)
    np.testing.assert_array_equal(word_vectors.word_vectors(["dog", "the"], "glove840b", tmp_path), first)
    pytest.importorskip("nltk", reason="needs the extra bench[text]", exc_type=ImportError)
    tokens = word_vectors.tokenize(["a man sings", "it rains"], 9, tmp_path / "train.tsv")
    (made,) = tmp_path.glob("train-*.txt")
    harm(made)
    assert word_vectors.tokenize(["a man sings", "it rains"], 9, tmp_path / "train.tsv") == tokens


def test_what_another_process_is_making_is_not_out_of_date(tmp_path):
    made, other, old = tmp_path / "square-8-1-new", tmp_path / ".part-1-2-3", tmp_path / "square-8-1-old"
    for folder in (made, other, old):
        folder.mkdir()
    kept.remove_outdated(made, lambda names: "new")
    assert made.is_dir()
    assert other.is_dir()
    assert not old.exists()
