"""Augmentations of whole batches on their device, every picture with numbers of its own, drawn from one generator.

Pictures are (B, 3, H, W) with values from 0 to 255. torchvision draws one set of numbers for a batch, so that a loop
over its pictures would be all the step does; its functions on single pictures are what the tests compare with.
"""

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, pad

from bench.functional.devices import to_device_of

LUMA = (0.299, 0.587, 0.114)


def shift(x: Tensor, margin: int, rng: torch.Generator, flip: bool = False) -> Tensor:
    """A crop of the same size out of the picture with `margin` black pixels around it; with flip, mirrored or not."""
    n, _, height, width = x.shape
    top, left = (torch.randint(2 * margin + 1, (n, 1), generator=rng) for _ in range(2))
    rows, columns = top + torch.arange(height), left + torch.arange(width)
    if flip:
        columns = torch.where(torch.rand(n, 1, generator=rng) < 0.5, columns.flip(1), columns)
    wide = pad(x, (margin,) * 4).movedim(1, -1)
    at = [to_device_of(index, x) for index in (torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :])]
    return wide[at[0], at[1], at[2]].movedim(-1, 1)


def resized_crop_and_flip(x: Tensor, size: int, rng: torch.Generator, scale: float = 0.2, flip: bool = True) -> Tensor:
    """A random part at size x size, with flip mirrored or not: from `scale` of the area to all, aspect 3/4 to 4/3.

    Float.

    As RandomResizedCrop, but that a part which does not fit is cut at the border rather than drawn again.
    """
    n, _, height, width = x.shape
    area, turn, chance, *place = torch.rand(5, n, generator=rng)
    mirror = (chance < 0.5) & flip
    aspect = (4 / 3) ** (2 * turn - 1)
    side = (height * width * (scale + (1 - scale) * area)).sqrt()
    share = torch.stack([side * aspect.sqrt() / width, side / aspect.sqrt() / height]).clamp(max=1)
    centre = (1 - share) * (2 * torch.stack(place) - 1)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = share[0] * torch.where(mirror, -1.0, 1.0), share[1]
    theta[:, :, 2] = centre.T
    grid = affine_grid(to_device_of(theta, x), [n, 3, size, size], align_corners=False)
    return grid_sample(x.float(), grid, padding_mode="border", align_corners=False)


def jitter(x: Tensor, rng: torch.Generator, share: float = 0.8, gray: float = 0.2) -> Tensor:
    """ColorJitter(.4, .4, .4, .1) of a share of the pictures, then a share of all in gray; (B, 3, H, W) float.

    The order of the four changes is drawn once a batch.
    """
    n = len(x)
    brightness, contrast, saturation = (0.6 + 0.8 * torch.rand(n, generator=rng) for _ in range(3))
    hue = 0.2 * torch.rand(n, generator=rng) - 0.1
    changes = ((adjust_brightness, brightness), (adjust_contrast, contrast), (adjust_saturation, saturation))
    every, order = (*changes, (adjust_hue, hue)), torch.randperm(4, generator=rng).tolist()
    changed = x
    for change, amounts in (every[place] for place in order):
        changed = change(changed, to_device_of(amounts, x)[:, None, None, None])
    chosen, grayed = (to_device_of(torch.rand(n, 1, 1, 1, generator=rng) < limit, x) for limit in (share, gray))
    x = torch.where(chosen, changed, x)
    return torch.where(grayed, luma(x), x)


def adjust_brightness(x: Tensor, factor: Tensor) -> Tensor:
    """Towards black (0) or beyond the picture (above 1); factor (B, 1, 1, 1)."""
    return (factor * x).clamp(0, 255)


def adjust_contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Towards the mean gray."""
    return _blend(x, luma(x).mean((1, 2, 3), keepdim=True), factor)


def adjust_saturation(x: Tensor, factor: Tensor) -> Tensor:
    """Towards the picture in gray."""
    return _blend(x, luma(x), factor)


def adjust_hue(x: Tensor, turn: Tensor) -> Tensor:
    """Each colour around the circle, by so many whole turns, through hue, saturation and value and back."""
    value, low = x.amax(1, keepdim=True), x.amin(1, keepdim=True)
    chroma = value - low
    red, green, blue = ((value - channel) / chroma.clamp(min=1e-6) for channel in x.split(1, dim=1))
    is_red, is_green = x[:, :1] == value, x[:, 1:2] == value
    hue = torch.where(is_red, blue - green, torch.where(is_green, 2 + red - blue, 4 + green - red)) + 6 * turn
    sector = to_device_of(torch.tensor([5.0, 3.0, 1.0]), x)[:, None, None]
    along = (sector + hue) % 6
    return value - chroma * torch.minimum(along, 4 - along).clamp(0, 1)


def luma(x: Tensor) -> Tensor:
    """Gray of each pixel, (B, 3, H, W) -> (B, 1, H, W)."""
    return (x * to_device_of(torch.tensor(LUMA), x)[:, None, None]).sum(1, keepdim=True)


def _blend(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return (other + share * (x - other)).clamp(0, 255)
