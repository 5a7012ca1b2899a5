"""Corrupted pictures: which, how strong, and the same ones every time."""

import sys

import numpy as np
import pytest

from bench.data import corruptions
from bench.errors import BenchError

pytest.importorskip("imagecorruptions")

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (3, 3, 8, 8), dtype=np.uint8).repeat(5, 2).repeat(4, 3)  # (3, 3, 40, 32)
NAMES = (
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow",
    "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression",
)  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return {(name, severity): x for name, severity, x in corruptions.each(COLOUR, [4, 5, 6])}


def test_there_are_the_15_corruptions_of_the_benchmark_at_5_severities(made):
    assert tuple(corruptions.names()) == NAMES
    assert list(made) == [(name, severity) for name in NAMES for severity in range(1, 6)]
    assert all(x.shape == COLOUR.shape and x.dtype == np.uint8 for x in made.values())


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"pixelate"}))  # which divides these 40 pixels without loss at 0.5
def test_every_corruption_changes_pictures_and_the_last_severity_more_than_the_first(made, name):
    changes = [np.abs(made[name, severity].astype(float) - COLOUR).mean() for severity in (1, 5)]
    assert changes[0] > 0
    assert changes[1] > changes[0] * (0.9 if name == "frost" else 1)  # which scales frosts that are drawn


def test_noise_has_the_published_strength(made):
    gray = np.full((1, 3, 64, 64), 128, dtype=np.uint8)
    found = {name: x for name, severity, x in corruptions.each(gray, [0]) if severity == 1}
    assert found["gaussian_noise"].std() == pytest.approx(0.08 * 255, rel=0.03)
    changed = (np.abs(found["impulse_noise"].astype(int) - 128) > 2).mean()
    assert changed == pytest.approx(0.03, rel=0.3)


def test_a_row_has_the_same_corruption_in_every_call_and_in_other_company(made):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    alone = {(name, severity): x for name, severity, x in corruptions.each(COLOUR[1:2], [5])}
    assert all(np.array_equal(alone[key][0], made[key][1]) for key in made)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002 (nobody else's numbers move)


def test_processes_give_what_one_gives(monkeypatch, made):
    monkeypatch.setattr(corruptions, "FEW", 1)
    monkeypatch.setattr(corruptions, "available_cores", lambda: 2)
    monkeypatch.setattr(corruptions, "names", lambda: ["gaussian_noise", "shot_noise", "impulse_noise"])
    found = {(name, severity): x for name, severity, x in corruptions.each(COLOUR, [4, 5, 6])}
    assert len(found) == 15
    assert all(np.array_equal(x, made[key]) for key, x in found.items())


def test_gray_pictures_stay_of_one_channel():
    found = next(corruptions.each(COLOUR[:, :1], [0, 1, 2]))[2]
    assert found.shape == (3, 1, 40, 32)
    assert found.std() > 0


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecorruptions", None)
    with pytest.raises(BenchError, match=r"corruptions need the package imagecorruptions; install the extra"):
        corruptions.names()
