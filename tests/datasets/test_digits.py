from pathlib import Path

import numpy as np
import pytest
import torch

from bench.datasets import digits
from bench.errors import BenchError
from bench.plugins import resolve
from support.datasets import transformed

NOWHERE = Path("no data is read")
SMALL = "digits[images=few]"


def make(name="digits"):
    return resolve.dataset(name).dataset


@pytest.fixture(scope="module")
def splits():
    return make().load(NOWHERE)


@pytest.fixture(scope="module")
def few():
    return make(SMALL).load(NOWHERE)


def parts(splits):
    return [splits.train, splits.val, splits.test]


def test_training_has_the_stated_angles_and_the_others_as_many_of_each(splits):
    bins = make().bins
    train, val, test = (bins.index(part.labels).flatten().bincount(minlength=30).tolist() for part in parts(splits))
    assert train == [int(count) for count in digits.Digits.counts.split()]
    assert (sum(train), val, test) == (3291, [20] * 30, [40] * 30)
    assert all(part.labels.abs().max() <= 75 for part in parts(splits))


def test_every_region_has_test_pictures(splits):
    regions = make().regions(splits.train.labels.numpy(), splits.test.labels.numpy())
    names, counts = np.unique(regions, return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "many": 9 * 40,
        "medium": 6 * 40,
        "few": 9 * 40,
        "zero": 6 * 40,
    }


def test_regions_go_by_the_count_of_the_five_degrees_around_an_angle():
    train = np.repeat([1.0, 6.0, 11.0, 16.0], [101, 100, 20, 19])[:, None]
    labels = np.array([[4.9], [5.0], [14.9], [15.0], [20.0]])
    assert make().regions(train, labels).tolist() == ["many", "medium", "medium", "few", "zero"]


def test_pictures_are_grey_bytes_and_one_comes_out_for_people(splits):
    for part, number in zip(parts(splits), (3291, 600, 1200), strict=True):
        assert (part.x.shape, part.x.dtype) == ((number, 1, 32, 32), torch.uint8)
    sample = make().sample(splits.test, 7)
    assert (sample.shape, sample.dtype) == ((32, 32, 3), np.uint8)
    assert (sample == splits.test.x[7].numpy().transpose(1, 2, 0)).all()


def test_no_source_picture_is_in_two_splits_and_each_is_turned_about_equally_often(monkeypatch):
    numbered = np.arange(1797)[:, None] * np.ones(64)
    monkeypatch.setattr("sklearn.datasets.load_digits", lambda **_: (numbered, None))
    monkeypatch.setattr(digits, "turn", lambda picture, _: np.full((32, 32), picture[0, 0]))
    used = [part.x[:, 0, 0, 0].unique(return_counts=True) for part in parts(make().load(NOWHERE))]
    assert [len(pictures) for pictures, _ in used] == [1197, 200, 400]
    assert len(torch.cat([pictures for pictures, _ in used]).unique()) == 1797
    assert [times.unique().tolist() for _, times in used] == [[2, 3], [3], [3]]


def test_a_quarter_turn_is_counter_clockwise():
    picture = np.zeros((8, 8))
    picture[1:7, 3:5], picture[1, 5] = 16, 9
    np.testing.assert_array_equal(digits.turn(picture, 90), np.rot90(digits.turn(picture, 0)))
    right = np.zeros((8, 8))
    right[3:5, 6] = 16
    rows, columns = np.nonzero(digits.turn(right, 45) > 60)
    assert rows.max() < 15.5 < columns.min()  # up and to the right


@pytest.mark.parametrize("angle", [0, 10, 45, 80])
def test_turning_keeps_the_ink_and_hides_the_pixel_lattice(angle):
    dot = np.zeros((8, 8))
    dot[3:5, 3:5] = 16
    upright, turned = (digits.turn(dot, by).astype(float) for by in (0, angle))
    assert turned.sum() == pytest.approx(upright.sum(), rel=0.01)
    lone = np.zeros((9, 9))
    lone[4, 4] = 16  # a pixel has no direction: its picture hardly tells the angle
    upright, turned = (digits.turn(lone, by).astype(float) for by in (0, angle))
    assert np.abs(turned - upright).max() < 0.03 * upright.max()


def test_pictures_and_angles_depend_on_nothing_but_the_code(splits):
    torch.manual_seed(1)
    assert make().load(NOWHERE).fingerprint() == splits.fingerprint()


def test_targets_are_standardised_on_the_training_angles(splits):
    y = (splits.train.labels - splits.shift) / splits.scale
    assert float(y.mean()) == pytest.approx(0, abs=1e-5)
    assert float(y.std()) == pytest.approx(1, abs=1e-5)


def test_the_angle_can_be_read_from_the_picture(splits):
    near = torch.cdist(splits.test.x.flatten(1).float(), splits.train.x.flatten(1).float()).argmin(1)
    error = (splits.train.labels[near] - splits.test.labels).abs().mean()
    assert error < 0.5 * (splits.train.labels.median() - splits.test.labels).abs().mean()


def test_augmentation_shifts_by_up_to_two_pixels_and_no_more():
    x = torch.zeros(400, 1, 32, 32, dtype=torch.uint8)
    x[:, :, 15, 20] = 200
    moved = transformed(make(), x, "train")
    assert (moved.dtype, moved.shape) == (torch.uint8, x.shape)
    rows, columns = moved[:, 0].nonzero()[:, 1:].T
    assert len(rows) == 400
    steps = {(int(row) - 15, int(column) - 20) for row, column in zip(rows, columns, strict=True)}
    assert steps == {(down, right) for down in range(-2, 3) for right in range(-2, 3)}
    x[:, :, 0, 31] = 100
    assert transformed(make(), x, "train").sum(dtype=torch.int64) < x.sum(dtype=torch.int64)


def test_two_views_differ_and_repeat_with_their_generator(few):
    dataset, rng = make(SMALL), torch.Generator().manual_seed(0)
    first, second = (transformed(dataset, few.train.x, "view", rng) for _ in range(2))
    assert not torch.equal(first, second)
    assert torch.equal(first, transformed(dataset, few.train.x, "view"))


def test_a_few_pictures_keep_the_shape_of_the_density(few):
    dataset = make(SMALL)
    assert [len(part) for part in parts(few)] == [422, 60, 120]
    counts = dataset.bins.index(few.train.labels).flatten().bincount(minlength=30)
    assert ((counts == 0) == torch.tensor([count == "0" for count in digits.Digits.counts.split()])).all()
    assert make().small == SMALL


def test_an_unknown_choice_of_pictures_is_refused():
    with pytest.raises(BenchError, match="few"):
        resolve.dataset("digits[images=some]")
