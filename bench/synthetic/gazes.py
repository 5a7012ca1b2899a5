"""Faces that look somewhere, painted from numbers: for gaze directions without a photograph.

A look is a row of numbers (`looks`), a picture is arithmetic on them (`paint`), as in `bench.synthetic.faces`. The
direction is that of the head plus that of the eyes in it: features move on the face as the head turns, irises in the
eyes, which lids follow. Skin, build, light and the place in the picture say nothing of it.
"""

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from bench.synthetic.painting import Columns, bell, colour, in_parts, over

DEVIATION = 1.5  # degrees between where a face looks and its label, in pitch and in yaw
LOWEST, HIGHEST = (-40.0, -45.0), (10.0, 45.0)  # pitch and yaw


def directions(number: int, rng: np.random.Generator) -> np.ndarray:
    """Pitch and yaw in degrees, (N, 2): downwards mostly, as from above a laptop's screen."""
    return rng.normal((-12.0, 0.0), (7.0, 15.0), (number, 2)).clip(LOWEST, HIGHEST)


def looks(gaze: np.ndarray, people: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Who looks and how: gaze (N, 2) in degrees and numbers of people (N,) -> columns (N,) float32, by name."""
    rng = np.random.default_rng(seed)
    n, known = len(gaze), int(people.max(initial=0)) + 1
    true = gaze + DEVIATION * rng.standard_normal((n, 2)).clip(-2.5, 2.5)
    head = 0.4 * true + rng.normal(0.0, 4.0, (n, 2))
    dark, tone = rng.uniform(0, 1, (2, known))
    own = {
        "width": rng.uniform(0.55, 0.68, known),
        "apart": rng.uniform(0.22, 0.28, known),
        "large": rng.uniform(0.09, 0.12, known),
        "red": 0.95 - 0.50 * dark,
        "green": 0.76 - 0.45 * dark + 0.04 * tone,
        "blue": 0.64 - 0.42 * dark,
        "iris": rng.uniform(0.1, 0.5, known),
        "hair": rng.uniform(0.05, 0.6, known),
    }
    moved = {
        "turn": 0.010 * head[:, 1],
        "nod": -0.010 * head[:, 0],
        "eye_x": 0.0022 * (true - head)[:, 1],
        "eye_y": -0.0022 * (true - head)[:, 0],
        "lid": ((true[:, 0] + 40) / 50).clip(0, 1),
        "right": rng.normal(0.0, 0.03, n),
        "down": rng.normal(0.0, 0.03, n),
        "light": rng.uniform(0.5, 1.0, n),
        "side": rng.uniform(-0.3, 0.3, n),
        "wall": rng.uniform(0.1, 0.9, n),
    }
    columns = {name: values[people] for name, values in own.items()} | moved
    return {name: values.astype(np.float32) for name, values in columns.items()}


def paint(columns: Columns, edge: int) -> Tensor:
    """Pictures of looks, columns (B,) -> (B, 3, edge, edge) uint8, on the columns' device."""
    return in_parts(columns, edge, _paint)


def _paint(columns: Columns, edge: int) -> Tensor:
    s = SimpleNamespace(**{name: column[:, None, None] for name, column in columns.items()})
    line = (torch.arange(edge, device=s.turn.device) + 0.5) * (2 / edge) - 1
    x, y = line - s.right, line[:, None] - s.down

    def inside(distance: Tensor) -> Tensor:
        return (distance * (0.5 * edge) + 0.5).clamp(0, 1)

    def grey(value: Tensor) -> Tensor:
        return value[:, None].expand(-1, 3, -1, -1)

    skin = torch.stack([s.red, s.green, s.blue], dim=1)
    round_ = ((x / s.width).square() + (y / 0.85).square()).sqrt()
    scene = over(grey(s.wall), grey(s.hair), inside(0.9 * (1.12 - round_)))
    face = skin * (1 - 0.35 * round_.clamp(max=1).square() + s.side * x)[:, None]
    fx, fy = x - s.turn * (1.1 - 0.5 * round_.clamp(max=1)), y - s.nod  # features are nearer than the outline
    nose = bell(fx, 0.10) * bell(fy - 0.18, 0.22)
    face = face * (1 - 0.25 * bell(fx - 0.06, 0.06) * bell(fy - 0.12, 0.25) + 0.08 * nose)[:, None]
    face = over(face, skin * colour(x, 0.9, 0.55, 0.55), inside(0.06 - 0.5 * fx.square() - (fy - 0.48).abs()))
    for side in (-1, 1):
        ex, ey = fx - side * s.apart, fy + 0.12
        open_ = s.large * (0.35 + 0.35 * s.lid)
        eye = inside(open_ * (1 - (ex / (1.4 * s.large)).square()) - ey.abs())
        ball = ((ex - s.eye_x).square() + (ey - s.eye_y).square()).sqrt()
        face = over(face, grey(0.9 + 0 * ball), eye)
        face = over(face, grey(s.iris + 0 * ball), eye * inside(0.6 * s.large - ball))
        face = over(face, grey(0 * ball), eye * inside(0.25 * s.large - ball))
        face = (
            face
            * (1 - 0.7 * bell(ey + 1.3 * s.large + 0.4 * ex.square(), 0.035) * inside(1.6 * s.large - ex.abs()))[
                :, None
            ]
        )
    scene = over(scene, face, inside(s.width * (1 - round_))) * s.light[:, None]
    return (scene.clamp(0, 1) * 255).round().to(torch.uint8)
