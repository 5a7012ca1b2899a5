"""Augmentation of pictures against torchvision, and what occurs how often."""

import pytest
import torch
from torchvision.transforms.v2 import functional

from bench.data import augmentation


def test_shifted_pictures_are_padded_crops_mirrored_or_not():
    x = torch.randint(256, (300, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = augmentation.shift(x, 1, torch.Generator().manual_seed(1), flip=True)
    wide = functional.pad(x, [1, 1, 1, 1])
    crops = [functional.crop(wide, top, left, 4, 4) for top in range(3) for left in range(3)]
    options = torch.stack([*crops, *map(functional.horizontal_flip, crops)])
    which = (options == found).flatten(2).all(2)  # (18, 300)
    assert which.any(0).all()
    assert which.any(1).all()  # all of them occur


def test_a_resized_crop_is_a_part_of_the_picture_mirrored_or_not():
    ramp = torch.linspace(0, 255, 64).expand(40, 3, 64, 64)
    found = augmentation.resized_crop_and_flip(ramp, 56, torch.Generator().manual_seed(0))
    assert found.shape == (40, 3, 56, 56)
    steps = found.diff(dim=3)[:, 0, 20]
    rising = (steps >= -1e-3).all(1)
    assert ((steps <= 1e-3).all(1) | rising).all()
    assert 5 < rising.sum() < 35
    width = (found.amax((1, 2, 3)) - found.amin((1, 2, 3))) / 255
    assert (width > (0.2 * 3 / 4) ** 0.5 - 0.05).all()
    assert (width <= 1).all()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("brightness", [0.6, 1.4]),
        ("contrast", [0.6, 1.4]),
        ("saturation", [0.6, 1.4]),
        ("hue", [-0.1, 0.07]),
    ],
)
def test_colours_change_as_in_torchvision(name, values):
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    ours = getattr(augmentation, f"adjust_{name}")(255 * x, torch.tensor(values)[:, None, None, None]) / 255
    theirs = [getattr(functional, f"adjust_{name}")(picture, value) for picture, value in zip(x, values, strict=True)]
    # torchvision rounds its weights of gray to four digits
    torch.testing.assert_close(ours, torch.stack(theirs), rtol=0, atol=2e-3)


def test_some_pictures_are_gray_after_a_jitter_and_most_have_other_colours():
    x = 255 * torch.rand(200, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = augmentation.jitter(x, torch.Generator().manual_seed(1))
    gray = (found.amax(1) - found.amin(1) < 1e-3).flatten(1).all(1)
    same = (found == x).flatten(1).all(1)
    assert 20 < gray.sum() < 60  # a fifth
    assert 15 < same.sum() < 50  # four fifths of a fifth
    assert (found.min() >= 0, found.max() <= 255) == (True, True)
