"""Decoded pictures: as one tensor or fetched, squeezed or cut."""

import numpy as np
import torch
from PIL import Image

from bench.data import image_cache
from support.datasets import NOWHERE, tiny_faces


def test_a_split_moves_as_one_tensor_where_it_fits_and_is_fetched_where_not(monkeypatch):
    x = tiny_faces().dataset.load(NOWHERE).test.x
    moved = x.to(torch.device("cpu"))
    assert (type(moved), moved.shape) == (torch.Tensor, (len(x), 3, 32, 32))
    monkeypatch.setitem(image_cache.FITS, "cpu", 0)
    still = x.to(torch.device("cpu"))
    index = torch.tensor([5, 0, 5])
    assert isinstance(still, image_cache.Pictures)
    assert torch.equal(still[index], moved[index])


def test_pictures_are_squeezed_or_cut_to_the_middle(tmp_path):
    picture = np.zeros((20, 40, 3), dtype=np.uint8)
    picture[:, 10:30] = 255
    Image.fromarray(picture).save(tmp_path / "a.png")
    squeezed, cropped = (
        image_cache.store(tmp_path, ["a.png"], 20, shape, tmp_path / "cache").fetch(
            torch.tensor([0]), torch.device("cpu")
        )
        for shape in ("squeezed", "cropped")
    )
    assert squeezed.shape == cropped.shape == (1, 3, 20, 20)
    assert squeezed[0, 0, 10, [0, 10, 19]].tolist() == [0, 255, 0]
    assert cropped.min() == 255
