"""How pictures and their depth maps are augmented together, as in YyzHarry/imbalanced-regression nyud2-dir."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from bench.data.augmentation import luma
from bench.functional.devices import to_device_of

# of the colours of ImageNet, for the lighting: principal axes in columns, and their spreads
AXES = torch.tensor([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
SPREADS = torch.tensor([0.2175, 0.0188, 0.0045])


def half(size: tuple[int, int]) -> tuple[int, int]:
    """Of a size (H, W)."""
    return size[0] // 2, size[1] // 2


def middle(maps: Any, size: tuple[int, int]) -> Any:
    """The middle of arrays or tensors (..., H, W)."""
    top, left = ((there - wanted) // 2 for there, wanted in zip(maps.shape[-2:], size, strict=True))
    return maps[..., top : top + size[0], left : left + size[1]]


def motion(number: int, size: tuple[int, int], middle: tuple[int, int], rng: torch.Generator) -> Tensor:
    """Random flips and rotations up to 5 degrees as affine maps (B, 2, 3) from the middle to the whole picture.

    Both are counted from -1 to 1, so that one map serves pictures and the smaller depth maps.
    """
    flip = 1 - 2 * torch.randint(2, (number,), generator=rng)
    angle = torch.deg2rad(10 * torch.rand(number, generator=rng) - 5)
    (height, width), (rows, columns) = size, middle
    zero = torch.zeros(number)
    across = torch.stack([flip * angle.cos() * columns / width, -flip * angle.sin() * rows / width, zero], 1)
    down = torch.stack([angle.sin() * columns / height, angle.cos() * rows / height, zero], 1)
    return torch.stack([across, down], 1)


def moved(maps: Tensor, motion: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    """Maps (B, C, H, W) after a motion (B, 2, 3), at another size; black comes in from outside."""
    grid = affine_grid(motion, [len(maps), 1, *size], align_corners=False)
    return grid_sample(maps, grid, mode=mode, padding_mode="zeros", align_corners=False)


def recoloured(x: Tensor, rng: torch.Generator) -> Tensor:
    """Light along ImageNet's axes of colour, then brightness, contrast and saturation in random order; of 0 to 255."""
    number = len(x)
    light = 0.1 * torch.randn(number, 3, generator=rng) * SPREADS @ AXES.T
    amount = to_device_of(0.8 * torch.rand(number, 3, generator=rng) - 0.4, x)
    order = to_device_of(torch.rand(number, 3, generator=rng).argsort(1), x)
    x = x + 255 * to_device_of(light, x)[:, :, None, None]
    for turn in range(3):
        what = order[:, turn : turn + 1]
        share, what = amount.gather(1, what)[:, :, None, None], what[:, :, None, None]
        grey = luma(x)
        # brightness fades to black, contrast to the picture's mean, saturation to its grey
        toward = torch.where(what == 0, 0, torch.where(what == 1, grey.mean((2, 3), keepdim=True), grey))
        x = torch.lerp(x, toward.expand_as(x), share)
    return x
