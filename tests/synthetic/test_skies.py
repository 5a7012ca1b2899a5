"""Painted skies: what they show of the temperature, and that they repeat."""

import numpy as np
import torch

from bench.synthetic import skies


def scenes(degrees, edge=32, seed=0):
    cameras = np.arange(len(degrees)) % skies.CAMERAS
    columns = {name: torch.from_numpy(c) for name, c in skies.views(np.array(degrees, float), cameras, seed).items()}
    return columns, skies.paint(columns, edge)


def test_snow_lies_in_the_cold_and_grass_is_green_in_the_warm():
    _, cold = scenes([-15.0] * 40)
    _, warm = scenes([30.0] * 40)
    ground = slice(26, 32)
    snow, grass = (part[:, :, ground].float().mean((0, 2, 3)) for part in (cold, warm))  # red, green and blue
    assert snow[0] > 1.3 * grass[0]
    assert snow[2] > 1.3 * grass[2]
    assert grass[1] > 1.3 * grass[0]
    assert abs(snow[1] - snow[0]) < 0.1 * snow[0]


def test_a_row_gives_one_picture_whatever_batch_it_is_in():
    columns, pictures = scenes(np.linspace(-20, 49, 30))
    some = {name: column[7:9] for name, column in columns.items()}
    assert torch.equal(skies.paint(some, 32), pictures[7:9])
    assert pictures.dtype == torch.uint8
    assert torch.equal(scenes(np.linspace(-20, 49, 30))[1], pictures)
    assert not torch.equal(scenes(np.linspace(-20, 49, 30), seed=1)[1], pictures)


def test_a_camera_keeps_its_horizon():
    columns, _ = scenes(np.linspace(-20, 49, 3 * skies.CAMERAS))
    horizon = columns["horizon"].reshape(3, skies.CAMERAS)
    assert (horizon == horizon[0]).all()
    assert horizon[0].std() > 0.05


def test_no_row_is_no_picture():
    columns, _ = scenes([1.0])
    assert skies.paint({name: column[:0] for name, column in columns.items()}, 16).shape == (0, 3, 16, 16)
