"""Depth pictures: balanced masks, held-out scenes and shapes."""

import numpy as np
import pytest

from bench.data.depth_cache import balanced, decode, hold_out
from bench.errors import BenchError
from support.depth_pictures import SIZE, save


def test_a_balanced_mask_keeps_as_many_pixels_of_each_bin_as_the_rarest_has():
    bins = np.repeat(np.array([3, 7, 8, 10], np.uint8), [50, 30, 20, 10]).reshape(11, 10)
    kept = np.bincount(bins[balanced(bins, first=7, floor=1, seed=0)], minlength=11)
    assert kept.tolist() == [0, 0, 0, 0, 0, 0, 0, 10, 10, 0, 10]
    kept = np.bincount(bins[balanced(bins, first=7, floor=25, seed=0)], minlength=11)
    assert kept.tolist() == [0, 0, 0, 0, 0, 0, 0, 25, 20, 0, 10]
    assert (balanced(bins, 7, 1, 0) == balanced(bins, 7, 1, 0)).all()
    assert (balanced(bins, 7, 1, 0) != balanced(bins, 7, 1, 1)).any()


def test_whole_scenes_are_held_out_and_pictures_evenly_taken_from_them():
    names = [f"{room}_{k:04}{part}_out/{frame}" for room in ("den", "bar") for k in range(5) for part in "ab"
             for frame in range(1, 12)]  # fmt: skip
    pairs = [(f"nyu2_train/{name}.jpg", f"nyu2_train/{name}.png") for name in names]
    scenes = np.array([name.split("_out")[0][:-1] for name in names])
    train, held = hold_out(pairs, number=8, most=3, seed=0)
    assert np.unique(scenes[held], return_counts=True)[1].tolist() in ([3, 3, 2], [3, 2, 3], [2, 3, 3])
    assert not set(scenes[train]) & set(scenes[held])
    assert len(train) == 7 * 22  # the other pictures of the three scenes are in neither
    assert any(names[row].endswith("a_out/1") for row in held)
    assert any(names[row].endswith("b_out/11") for row in held)
    with pytest.raises(BenchError, match="220 pictures of 10 scenes: too few to hold 30 out"):
        hold_out(pairs, number=30, most=3, seed=0)


def test_a_picture_of_another_shape_is_refused(tmp_path):
    save(tmp_path / "a.png", np.zeros((240, 300, 3), np.uint8))
    save(tmp_path / "b.png", np.zeros((240, 300), np.uint8))
    with pytest.raises(BenchError, match=r"a\.png is 300 x 240 pixels, which do not shrink to 320 x 240"):
        decode(tmp_path, "train", [("a.png", "b.png")], SIZE, "8-bit")
