"""Outdoor scenes painted from numbers: a webcam's hills under a sky, for temperatures without a photograph.

A view is a row of numbers (`views`), a picture is arithmetic on them (`paint`), as in `bench.synthetic.faces`. What a
scene tells of its temperature: snow on the ground below freezing, brown grass in the cold and green in the warm, bare
or leafy trees, and how high the sun stands; clouds, haze, light and the camera's place say nothing of it.
"""

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from bench.synthetic.painting import Columns, bell, colour, in_parts, over, wave

DEVIATION = 2.0  # degrees between the temperature that a view looks like and its label
CAMERAS = 44
TREES = 3


def views(degrees: np.ndarray, cameras: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """What each camera sees: temperatures (N,) in °C and camera numbers (N,) -> columns (N,) float32, by name."""
    rng = np.random.default_rng(seed)
    n = len(degrees)
    looks = degrees + DEVIATION * rng.standard_normal(n).clip(-2.5, 2.5)
    places = {
        "horizon": rng.uniform(0.35, 0.65, CAMERAS),
        "waves": rng.uniform(1.0, 3.0, CAMERAS),
        "phase": rng.uniform(0.0, 1.0, CAMERAS),
        "hills": rng.uniform(0.02, 0.10, CAMERAS),
        **{f"tree_{number}": rng.uniform(0.0, 1.0, CAMERAS) for number in range(TREES)},
    }
    own = {
        "snow": (1 / (1 + np.exp(looks / 2.0))) * rng.uniform(0.8, 1.0, n),
        "green": 1 / (1 + np.exp(-(looks - 12.0) / 5.0)),
        "sun": ((looks + 20.0) / 60.0).clip(0.05, 1.0),
        "side": rng.uniform(0.1, 0.9, n),
        "cloud": rng.uniform(0.0, 0.8, n),
        "haze": rng.uniform(0.0, 0.5, n),
        "light": rng.uniform(0.6, 1.0, n),
        "warm": 0.06 * rng.standard_normal(n),
        "drift": rng.uniform(0.0, 1.0, n),
    }
    columns = {name: values[cameras] for name, values in places.items()} | own
    return {name: values.astype(np.float32) for name, values in columns.items()}


def paint(columns: Columns, edge: int) -> Tensor:
    """Pictures of views, columns (B,) -> (B, 3, edge, edge) uint8, on the columns' device."""
    return in_parts(columns, edge, _paint)


def _paint(columns: Columns, edge: int) -> Tensor:
    s = SimpleNamespace(**{name: column[:, None, None] for name, column in columns.items()})
    line = (torch.arange(edge, device=s.snow.device) + 0.5) / edge
    x, y = line[None], line[:, None]
    ridge = s.horizon + s.hills * (2 * wave(s.waves * x + s.phase) - 1)
    ground = ((y - ridge) * edge * 0.5 + 0.5).clamp(0, 1)
    glow = bell(x - s.side, 0.3) * bell(y - (s.horizon - 0.6 * s.sun), 0.3)
    clouds = s.cloud * wave(3 * x + 5 * y + s.drift) * wave(2 * x - 3 * y + 2 * s.drift)
    sky = colour(x, 0.35, 0.55, 0.85) + y * colour(x, 0.45, 0.30, 0.10)
    sky = over(over(sky, colour(x, 0.8, 0.8, 0.8), clouds), colour(x, 1.0, 0.95, 0.8), glow)
    dry = colour(x, 0.45, 0.36, 0.24)
    soil = dry + s.green[:, None] * (colour(x, 0.22, 0.45, 0.15) - dry)
    soil = over(soil, colour(x, 0.95, 0.95, 1.0), s.snow * (1 - 0.3 * wave(7 * x + 11 * y)))
    scene = over(sky, soil, ground)
    for number in range(TREES):
        at = getattr(s, f"tree_{number}")
        height = ((y - ridge + 0.2) * edge).clamp(0, 1) * ((ridge + 0.08 - y) * edge).clamp(0, 1)
        outline = 1 - ((x - at) / 0.07).square() - ((y - ridge + 0.15) / 0.11).square()
        scene = over(scene, colour(x, 0.25, 0.18, 0.12), bell(x - at, 0.02) * height)
        scene = over(scene, colour(x, 0.12, 0.32, 0.10), s.green * (4 * outline).clamp(0, 1))
    scene = over(scene, colour(x, 0.8, 0.8, 0.8), s.haze * (1 - (y - s.horizon).abs()))
    scene = scene * s.light[:, None] * (1 + s.warm[:, None] * colour(x, 1.0, 0.0, -1.0))
    return (scene.clamp(0, 1) * 255).round().to(torch.uint8)
