"""Portraits painted from numbers: faces that age, for the sources that need no photograph.

A sitter is a row of numbers (`sitters`), a picture is arithmetic on them (`paint`): sums, products, quotients and
roots alone, which every processor rounds alike, so that a row gives one picture whatever batch it is in.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

DEVIATION = 4.0  # years between the age a sitter looks and the label
PIXELS = {"cpu": 2**16, "cuda": 2**24}  # painted at a time: a processor's cache holds few, a GPU wants many
TILE = 256  # edge of the noise that all pictures take their grain from
COARSE = 12  # blotches across a picture


def sitters(ages: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Who sits and how: (N,) ages in years -> columns (N,) float32, by name.

    What ageing moves is read off the age a sitter looks, the label plus a normal deviate of DEVIATION years; all
    else (build, colours, hair, beard, pose, light, film) is drawn without regard to age. Lengths are in heads' half
    heights, about.
    """
    rng = np.random.default_rng(seed)
    n = len(ages)

    def normal(mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
        return mean + deviation * rng.standard_normal(n).clip(-2.5, 2.5)

    def uniform(low: float = 0.0, high: float = 1.0) -> np.ndarray:
        return rng.uniform(low, high, n)

    looks = np.maximum(ages + DEVIATION * rng.standard_normal(n), 0.0)
    child = np.exp(-looks / 8.0)  # 1 at birth, 0.1 at 18
    worn = ((looks - 22.0) / 60.0).clip(0.0, 1.3)  # grows evenly from 22 on
    late = 1.0 / (1.0 + np.exp(-(looks - 60.0) / 9.0))  # turns at 60
    man = uniform() < 0.5
    loss = np.where(man, (normal(0.55, 0.45) * (looks - 22.0) / 45.0).clip(0.0, 1.1), 0.15 * late)  # of hair
    angle, zoom = normal(0.0, 0.09), normal(0.86, 0.05)
    eye_y = normal(-0.02, 0.02) + 0.22 * child
    nose_y = eye_y + normal(0.33, 0.02) * (1 - 0.35 * child) + 0.045 * late
    columns = {
        # pose, light and film
        "cos": np.cos(angle) / zoom,
        "sin": np.sin(angle) / zoom,
        "right": normal(0.0, 0.07),
        "down": normal(0.03, 0.06),
        "turn": normal(0.0, 0.077),
        "nod": normal(0.0, 0.035),
        "focus": uniform(0.3, 1.0) * zoom,
        "light_x": normal(0.0, 0.5),
        "light_y": normal(-0.35, 0.25),
        "ambient": uniform(0.35, 0.75),
        "warm": normal(0.0, 0.06),
        "gain": uniform(0.75, 1.12),
        "film": uniform() < 0.25,  # black and white
        "grain": uniform(0.0, 0.05),
        "at_x": np.floor(uniform(0, TILE)),
        "at_y": np.floor(uniform(0, TILE)),
        # build
        "width": normal(0.60, 0.03) + 0.09 * child,
        "height": normal(0.86, 0.03) - 0.13 * child,
        "jaw": (np.where(man, 0.26, 0.36) + normal(0.0, 0.05)) * (1 - 0.55 * child) - 0.14 * late,
        "ear": 0.13 * (1 - 0.2 * child) + 0.045 * late,
        "eye_x": normal(0.255, 0.013) - 0.02 * child,
        "eye_y": eye_y,
        "eye_w": normal(0.105, 0.007) + 0.035 * child,
        "eye_h": normal(0.052, 0.006) + 0.040 * child - 0.014 * late,
        "brow_y": eye_y - normal(0.155, 0.015) - 0.02 * child + 0.02 * late,
        "brow": normal(0.022, 0.004) * (1 - 0.45 * child) + 0.006 * late,
        "nose_y": nose_y,
        "nose": normal(0.095, 0.010) * (1 - 0.2 * child) + 0.020 * late,
        "mouth_y": nose_y + normal(0.20, 0.012) * (1 - 0.28 * child),
        "mouth": normal(0.19, 0.018) * (1 - 0.2 * child),
        "lip": normal(0.050, 0.007) * (1 - 0.25 * child - 0.45 * late),
        "smile": normal(0.05, 0.04),
        # skin
        "fold": worn * normal(1.0, 0.18),
        "bag": 0.12 + 0.9 * worn * normal(1.0, 0.2),
        "sag": late * normal(1.0, 0.2),
        "spots": late * uniform(0.4, 1.0),
        "rosy": child * uniform(0.45, 0.9),
        # hair
        "hairline": (normal(0.50, 0.04) + 0.10 * child + 0.30 * loss).clip(0.0, 1.2),
        "temple": 0.8 * loss,
        "crown": (1 - loss).clip(0.0, 1.0),
        "grown": (1 - np.exp(-(looks + 0.3) / 1.2)) * np.where(loss > 0.85, 0.35, 1.0),
        "length": np.where(man, normal(-0.15, 0.1), normal(0.75, 0.45)) * (1 - 0.4 * child),
        "volume": normal(0.09, 0.03) - 0.03 * late,
        "beard": np.where(man & (uniform() < 0.45), uniform(0.25, 0.9), 0.0) * ((looks - 14.0) / 8.0).clip(0.0, 1.0),
        "glasses": uniform() < 0.08 + 0.2 * late,
    }
    for name, colour in _colours(uniform, normal, looks, child, late, man).items():
        columns |= {f"{name}_{channel}": values for channel, values in zip("rgb", colour, strict=True)}
    return {name: values.astype(np.float32) for name, values in columns.items()}


def _colours(uniform, normal, looks, child, late, man) -> dict[str, np.ndarray]:
    # red, green and blue between 0 and 1, (3, N) each
    dark, tone, fair, red = uniform(), uniform(), uniform() ** 2, uniform() ** 3
    skin = np.stack([0.95 - 0.50 * dark, 0.76 - 0.47 * dark + 0.04 * tone, 0.64 - 0.44 * dark - 0.04 * tone])
    skin += child * np.array([[0.03], [-0.01], [0.0]]) - late * np.array([[0.02], [0.01], [0.02]])
    lips = skin * np.array([[0.92], [0.62], [0.62]]) + ~man * np.array([[0.04], [-0.06], [-0.04]])
    hair = np.stack([0.10 + 0.62 * fair + 0.18 * red, 0.07 + 0.46 * fair, 0.05 + 0.26 * fair])
    grey = 1.0 / (1.0 + np.exp(-(looks - normal(54.0, 7.0)) / 6.0))
    cloth, wall = (np.stack([uniform(0.05, 0.95) for _ in range(3)]) for _ in range(2))
    return {
        "skin": skin,
        "lips": lips + 0.5 * late * (skin - lips),
        "hair": hair + grey * (np.array([[0.80], [0.80], [0.82]]) - 0.1 * uniform() - hair),
        "iris": np.stack([0.16 + 0.24 * tone, 0.15 + 0.32 * uniform(), 0.10 + 0.45 * uniform()]),
        "cloth": 0.45 * cloth + 0.55 * cloth.mean(0),
        "wall": 0.45 * wall + 0.55 * wall.mean(0),
    }


def paint(columns: dict[str, Tensor], edge: int) -> Tensor:
    """Pictures of sitters, columns (B,) -> (B, 3, edge, edge) uint8, on the columns' device."""
    some = columns["cos"]
    n, step = len(some), max(1, PIXELS[some.device.type] // edge**2)
    parts = [_paint({name: c[i : i + step] for name, c in columns.items()}, edge) for i in range(0, n, step)]
    return torch.cat(parts) if parts else some.new_empty(0, 3, edge, edge, dtype=torch.uint8)


def _paint(columns: dict[str, Tensor], edge: int) -> Tensor:
    s = SimpleNamespace(**{name: column[:, None, None] for name, column in columns.items()})
    for name in ("skin", "lips", "hair", "iris", "cloth", "wall"):
        setattr(s, name, torch.stack([columns[f"{name}_{channel}"] for channel in "rgb"], dim=1)[:, :, None, None])
    _lay_out(s, edge)
    canvas = _over(_surroundings(s), _face(s) * _light(s), s.head)
    canvas = canvas * (s.gain[:, None] * (1 + s.warm[:, None] * canvas.new_tensor([1.0, 0.0, -1.0])[:, None, None]))
    canvas = _over(canvas, canvas.mean(1, keepdim=True), s.film) + (s.grain * s.fine)[:, None]
    return (canvas.clamp(0, 1) * 255).round().to(torch.uint8)


def _lay_out(s: SimpleNamespace, edge: int) -> None:
    """Planes (B, E, E) that the parts share: coordinates, distances, noise."""
    line = (torch.arange(edge, device=s.cos.device) + 0.5) * (2 / edge) - 1
    s.u, s.v = line - s.right, line[:, None] - s.down
    # the sitter's own coordinates: x to the right, y down, the head about as high as from -0.9 to 0.9
    s.x, s.y = s.cos * s.u + s.sin * s.v, s.cos * s.v - s.sin * s.u
    s.sharp = 0.5 * edge * s.focus
    s.low, s.fine = _noise(s, edge)
    half = s.width * (1 - s.jaw * (s.y / s.height).clamp(0, 1).square())
    s.radius = _norm(s.x / half, s.y / s.height)
    s.head = _inside(s, (1 - s.radius) * s.width)
    # the features are on a mask that turns and nods
    s.fx, s.fy = s.x - s.turn * (1.2 - s.radius.clamp(max=1)), s.y - s.nod
    s.side, s.drop, s.gap = s.fx.abs(), s.fy - s.nose_y, s.fy - s.brow_y
    s.ex, s.ey, s.mx = s.side - s.eye_x, s.fy - s.eye_y, s.fx / s.mouth
    s.my = s.fy - s.mouth_y + s.smile * (s.mx.square() - 0.4)
    s.strands = s.hair * (0.80 + 0.22 * _wave(8 * s.x + 0.7 * s.low) + 0.03 * s.fine)[:, None]


def _surroundings(s: SimpleNamespace) -> Tensor:
    """Wall, hair behind the head, neck, clothes, ears; (B, 3, E, E)."""
    canvas = s.wall * (0.8 + 0.2 * (s.u * s.light_x - s.v) + 0.12 * s.low)[:, None]
    wide = s.width + s.volume
    bush = _inside(s, 1 - _norm(s.x / wide, (s.y + 0.10) / (s.height + 0.6 * s.volume)))
    long = _inside(s, wide - 0.02 - s.x.abs() - 0.1 * s.y.clamp(min=0)) * _inside(s, s.length - s.y)
    hair = torch.maximum(bush * s.crown.clamp(min=0.25), long * _inside(s, s.y + 0.1)) * s.grown
    canvas = _over(canvas, s.strands * 0.8, hair)
    canvas = _over(canvas, s.skin * 0.72, _inside(s, 0.30 - s.x.abs()) * _inside(s, s.y - 0.4))
    shoulders = _inside(s, 1 - _norm(s.x / 1.15, (s.y - 1.75) / 0.72))
    canvas = _over(canvas, s.cloth * (0.9 + 0.2 * s.low)[:, None], shoulders)
    ear = s.ear * (1 - _norm((s.x.abs() - s.width) / (0.55 * s.ear), (s.y - s.eye_y - 0.12) / s.ear))
    return _over(canvas, s.skin * 0.8, _inside(s, ear))


def _creases(s: SimpleNamespace) -> Tensor:
    """How much of the skin's light is lost to folds, bags, sagging flesh, spots and the nose; (B, E, E)."""
    forehead = _wave(13 * (s.gap + 0.25 * s.fx.square()) + 0.5 * s.low).square()
    forehead = forehead * _bell(s.gap + 0.19, 0.17) * _bell(s.fx, 0.48)
    frown = _bell(s.side - 0.045, 0.022) * _bell(s.gap - 0.01, 0.09)
    crow = _wave(7 * s.ey / (s.ex + 0.12).clamp(min=0.05)).square()
    crow = crow * _bell(s.ex - s.eye_w - 0.07, 0.09) * _bell(s.ey, 0.13)
    cheek = _bell(s.side - s.nose - 0.03 - 0.42 * s.drop, 0.035) * _bell(s.drop - 0.11, 0.20)
    corner = _bell(s.side - s.mouth - 0.03 - 0.10 * s.my, 0.028) * _bell(s.my - 0.12, 0.14)
    dark = s.fold * (0.30 * forehead + 0.22 * frown + 0.28 * crow + 0.42 * cheek + 0.34 * corner + 0.03 * s.fine)
    dark = dark + 0.26 * s.bag * _bell(s.ey - s.eye_h - 0.05 + 1.5 * s.ex.square(), 0.035) * _bell(s.ex, 0.15)
    hang = s.side - 0.62 * s.width
    dark = dark + 0.20 * s.sag * _bell(hang, 0.16) * _bell(s.fy - s.mouth_y - 0.10, 0.16)
    dark = dark + 0.14 * s.sag * _bell(hang, 0.20) * _bell(s.drop - 0.02, 0.26)
    dark = dark + 0.25 * s.spots * (2.2 * s.low - 1.5).clamp(0, 1)
    dark = dark + 0.34 * _bell(s.drop - 0.015, 0.05) * _bell(s.fx, 1.3 * s.nose)
    dark = dark + 0.55 * _bell(s.side - 0.55 * s.nose, 0.035) * _bell(s.drop, 0.030)
    dark = dark + 0.16 * _bell(s.fx + 0.05 * s.light_x + 0.055, 0.05) * _bell(s.drop + 0.17, 0.2)
    dark = dark - 0.12 * _bell(s.fx, 0.05) * _bell(s.drop + 0.10, 0.24)
    return dark + 0.16 * _bell(s.ey + 0.02, 0.13) * _bell(s.ex + 0.02, 0.19)


def _face(s: SimpleNamespace) -> Tensor:
    """Skin with beard, mouth, eyes, brows, glasses and fringe, before the light; (B, 3, E, E)."""
    face = s.skin * (1 - _creases(s))[:, None]
    face = _over(face, s.lips, 0.55 * s.rosy * _bell(s.side - 0.60 * s.width, 0.24) * _bell(s.drop, 0.22))
    beard = _inside(s, 0.5 * s.radius - 0.31) * _inside(s, s.drop - 0.04) + _bell(s.drop - 0.09, 0.07) * _bell(
        s.fx, 0.26
    )
    face = _over(face, s.strands, (s.beard * beard).clamp(0, 0.9))
    face = _over(face, s.lips, _inside(s, s.lip * (1 - s.mx.square()) - s.my.abs()))
    face = face * (1 - 0.55 * _bell(s.my, 0.016) * _inside(s, 1.05 * s.mouth - s.side))[:, None]

    oval, ball = (s.ex / s.eye_w).square() + (s.ey / s.eye_h).square(), _norm(s.ex, s.ey)
    eye = _inside(s, 0.5 * (1 - oval) * s.eye_h)
    face = _over(face, 0.88 - 0.1 * s.sag[:, None], eye)
    face = _over(face, s.iris, eye * _inside(s, 0.90 * s.eye_h - ball))
    face = face * (1 - eye * _inside(s, 0.42 * s.eye_h - ball))[:, None]
    lid = _bell(oval - 1.05, 0.55) * _inside(s, -s.ey) * _inside(s, 1.15 * s.eye_w - s.ex.abs())
    face = face * (1 - 0.65 * lid)[:, None]
    arch = (s.gap + 0.9 * (s.ex - 0.02).square()).abs()
    brow = _inside(s, s.brow * (1.25 - 2.2 * s.ex) - arch) * _inside(s, 0.135 - s.ex.abs())
    face = _over(face, s.strands * 0.75, 0.85 * brow)
    rim = _inside(s, 0.013 - (_norm(s.ex, 1.18 * s.ey) - 0.165).abs())
    bridge = _inside(s, 0.011 - s.ey.abs()) * _inside(s, 0.10 - s.side)
    face = face * (1 - 0.9 * s.glasses * torch.maximum(rim, bridge))[:, None]

    edge = -s.height * s.hairline - 0.10 * _bell(s.fx, 0.2) - s.temple * _bell(s.side - 0.36, 0.28)
    fringe = _inside(s, edge + 0.55 * s.x.square() - s.y + 0.03 * s.low)
    return _over(face, s.strands, fringe * s.grown * s.crown)


def _light(s: SimpleNamespace) -> Tensor:
    # of a lamp to one side, on a head that is round
    towards = 0.95 * (1 - s.radius.square()).clamp(min=0).sqrt() + 0.7 * (s.light_x * s.x / s.width + s.light_y * s.y)
    return (s.ambient + (1 - s.ambient) * towards.clamp(0, 1.3))[:, None]


def _noise(s: SimpleNamespace, edge: int) -> tuple[Tensor, Tensor]:
    # blotches, and grain from pixel to pixel; (B, E, E) each, about normal
    tile = _tile().to(s.cos.device)
    at = torch.arange(max(edge, COARSE), device=tile.device)
    row, column = ((at + offset.flatten()[:, None].long()) % TILE for offset in (s.at_y, s.at_x))
    fine, coarse = (tile[row[:, :size, None], column[:, None, :size]] for size in (edge, COARSE))
    low = interpolate(coarse[:, None], size=(edge, edge), mode="bilinear", align_corners=True)
    return low[:, 0], fine


@cache
def _tile() -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal((TILE, TILE)).astype(np.float32))


def _inside(s: SimpleNamespace, distance: Tensor) -> Tensor:
    # 1 where the distance to an outline is positive, 0 outside, blurred over a pixel or more
    return (distance * s.sharp + 0.5).clamp(0, 1)


def _over(below: Tensor, above: Tensor, alpha: Tensor) -> Tensor:
    return below + alpha[:, None] * (above - below)


def _norm(a: Tensor, b: Tensor) -> Tensor:
    return (a.square() + b.square()).sqrt()


def _bell(distance: Tensor, width: Tensor | float) -> Tensor:
    # 1 at 0, 0 from the width on; without an exponential
    return (1 - (distance / width).square()).clamp(min=0).square()


def _wave(phase: Tensor) -> Tensor:
    # between 0 and 1, one period a unit; without a cosine
    t = (phase - phase.round()).abs() * 2
    return 1 - t * t * (3 - 2 * t)
