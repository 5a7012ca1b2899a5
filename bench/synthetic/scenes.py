"""Pictures of made-up rooms with their true depth, by casting a ray through every pixel.

A room is a box with furniture (boxes on the floor) and balls, lit by one lamp, seen by a camera with the field of
view of NYUD2's. Depth can be read from perspective, from the horizon (the camera is about 1.45 m high), from the
floor's tiles (about 0.3 m wide) and from the stripes of all else (about 0.2 m). Height and widths vary from room to
room with a deviation of 5%, and a picture shows their product with scale alone: that is the noise floor of any
reader, 2 to 3% of the depth where all three are seen. Exposure, colour cast and sensor noise hide the rest.
"""

from dataclasses import dataclass, fields

import numpy as np

NEAREST, FARTHEST = 0.7, 10.0  # m
FOCAL = 519 / 640  # focal length over picture width, as of NYUD2's camera
BOXES, BALLS = 4, 2
SENSOR = 5.0  # deviation of the noise, in grey levels of 255
RAYS = 1 << 17  # cast at once: small enough for the processor's caches
CANDIDATES = 6  # rooms drawn for each one that is kept


@dataclass
class Rooms:
    """N rooms in metres, the camera at the origin, x to the right, y up, z into the room. Each field is (N, ...)."""

    low: np.ndarray  # (N, 3) corner of the room at the left, below and behind
    high: np.ndarray  # (N, 3) the opposite one
    turn: np.ndarray  # (N, 2) of the camera: to the right and downwards, radians
    box_low: np.ndarray  # (N, BOXES, 3)
    box_high: np.ndarray
    ball: np.ndarray  # (N, BALLS, 3) centres
    radius: np.ndarray  # (N, BALLS)
    lamp: np.ndarray  # (N, 3)
    colour: np.ndarray  # (N, 3 + BOXES + BALLS, 3) of walls, floor, ceiling, boxes and balls, 0 to 1
    period: np.ndarray  # (N, 2) widths of tiles and stripes
    light: np.ndarray  # (N, 3) exposure of each channel

    def __getitem__(self, rows: slice | np.ndarray) -> "Rooms":
        return Rooms(*(getattr(self, field.name)[rows] for field in fields(self)))


def make_rooms(
    number: int, size: tuple[int, int], shares: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 3, H, W) uint8 and depths (N, H, W) float32 in metres.

    Args:
        shares: of pixels in each of K equal steps of depth up to FARTHEST; rooms are chosen to follow them.
    """
    rooms = draw(CANDIDATES * number, rng)
    rooms = rooms[_chosen(cast(rooms, (12, 16))[0], number, shares, rng)]
    pictures = np.empty((number, 3, *size), np.uint8)
    depths = np.empty((number, *size), np.float32)
    step = max(RAYS // (size[0] * size[1]), 1)
    for start in range(0, number, step):
        some = slice(start, start + step)
        depths[some], light = cast(rooms[some], size)
        pictures[some] = np.clip(255 * light + SENSOR * rng.standard_normal(light.shape, np.float32), 0, 255)
    return pictures, depths


def draw(number: int, rng: np.random.Generator) -> Rooms:
    """Rooms at random, 1.3 m to 10 m deep, evenly in the logarithm."""

    def uniform(low: float | np.ndarray, high: float | np.ndarray, *shape: int) -> np.ndarray:
        return rng.uniform(low, high, (number, *shape))

    def about(value: float, *shape: int) -> np.ndarray:
        return value * np.exp(0.05 * rng.standard_normal((number, *shape)))

    deep, eye = np.exp(uniform(np.log(1.3), np.log(FARTHEST))), about(1.45)
    low = np.stack([-uniform(0.8, 1 + 0.4 * deep), -eye, np.full(number, -1.0)], 1)
    high = np.stack([uniform(0.8, 1 + 0.4 * deep), uniform(2.3, 3.0) - eye, deep], 1)
    half = uniform(0.2, 0.6, BOXES, 3) * np.minimum(deep, 3)[:, None, None] / 3
    where = _inside(low, high, uniform(0, 1, BOXES, 3))
    box_low, box_high = where - half, where + half
    box_low[..., 2] = np.maximum(box_low[..., 2], 1.0)  # none around the camera
    box_low[..., 1], box_high[..., 1] = low[:, None, 1], low[:, None, 1] + 2 * half[..., 1]
    radius = uniform(0.1, 0.3, BALLS)
    ball = _inside(low, high, uniform(0, 1, BALLS, 3))
    ball[..., 1] = low[:, None, 1] + radius
    ball[..., 2] = np.maximum(ball[..., 2], 1.1)
    lamp = _inside(low, high, np.stack([uniform(0.2, 0.8), np.full(number, 0.95), uniform(0.2, 0.9)], 1)[:, None])[:, 0]
    turn = np.radians(np.stack([uniform(-25, 25), uniform(0, 16)], 1))
    period = np.stack([about(0.3), about(0.2)], 1)
    colour = uniform(0.25, 0.95, 3 + BOXES + BALLS, 1) * uniform(0.7, 1.0, 3 + BOXES + BALLS, 3)
    light = np.exp(0.15 * rng.standard_normal((number, 1)) + 0.05 * rng.standard_normal((number, 3)))
    parts = (low, high, turn, box_low, box_high, ball, radius, lamp, colour, period, light)
    return Rooms(*(part.astype(np.float32) for part in parts))


def cast(rooms: Rooms, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Depth along the camera's axis (N, H, W), and light (N, 3, H, W) of about 0 to 1, without the sensor's noise."""
    ray = _rays(rooms.turn, size)  # (3, N, P), one unit long along the camera's axis: its length is the depth
    with np.errstate(divide="ignore", invalid="ignore"):
        depth, normal, what = _room(rooms, ray)
        for i in range(BOXES):
            _nearer(depth, normal, what, *_box(rooms.box_low[:, i], rooms.box_high[:, i], ray), 3 + i)
        for i in range(BALLS):
            _nearer(depth, normal, what, *_ball(rooms.ball[:, i], rooms.radius[:, i], ray), 3 + BOXES + i)
    light = _shade(rooms, ray * depth, normal, what)
    shape = (len(depth), *size)
    return depth.clip(NEAREST, FARTHEST).reshape(shape), light.transpose(1, 0, 2).reshape(shape[0], 3, *size)


def _inside(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    return low[:, None] + share * (high - low)[:, None]


def _chosen(depths: np.ndarray, number: int, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which rooms to keep, so that the depths of all together are shared out as wished."""
    bins = (depths.reshape(len(depths), -1) * len(shares) / FARTHEST).astype(int).clip(max=len(shares) - 1)
    found = np.stack([np.bincount(row, minlength=len(shares)) for row in bins]) / bins.shape[1]
    weight = np.full(len(found), 1 / len(found))
    for _ in range(30):  # expectation maximisation of a mixture of the rooms; stopped early, weights stay even
        weight *= found @ (shares / np.maximum(weight @ found, 1e-12))
    return rng.choice(len(found), number, replace=False, p=weight / weight.sum())


def _rays(turn: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    x = np.tile((np.arange(width, dtype=np.float32) + 0.5 - width / 2) / (FOCAL * width), height)
    y = np.repeat((height / 2 - 0.5 - np.arange(height, dtype=np.float32)) / (FOCAL * width), width)
    (cos_right, cos_down), (sin_right, sin_down) = np.cos(turn).T[..., None], np.sin(turn).T[..., None]
    y, z = y * cos_down - sin_down, y * sin_down + cos_down
    return np.stack([x * cos_right + z * sin_right, y, z * cos_right - x * sin_right])


def _room(rooms: Rooms, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The wall, floor (1) or ceiling (2) that a ray ends at, from inside: depth, normal and what it is."""
    # seen from inside, a wall lies ahead of every ray that is not along it
    ends = np.abs(np.where(ray > 0, rooms.high.T[..., None], rooms.low.T[..., None]) / ray)
    axis = ends.argmin(0)
    what = np.where(axis == 1, np.where(ray[1] > 0, 2, 1), 0)
    return ends.min(0), _normal(axis, ray), what


def _box(low: np.ndarray, high: np.ndarray, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = low.T[..., None] / ray, high.T[..., None] / ray
    enter, leave = np.minimum(first, second), np.maximum(first, second)
    depth = enter.max(0)
    missed = (depth >= leave.min(0)) | (depth <= 0)
    return np.where(missed, np.inf, depth), _normal(enter.argmax(0), ray)


def _ball(centre: np.ndarray, radius: np.ndarray, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    along, square = (ray * centre.T[..., None]).sum(0), (ray**2).sum(0)
    root = np.sqrt(along**2 - square * ((centre**2).sum(1) - radius**2)[:, None])  # nan where it misses
    depth = np.nan_to_num((along - root) / square, nan=np.inf)
    return depth, (ray * np.where(np.isfinite(depth), depth, 0) - centre.T[..., None]) / radius[:, None]


def _normal(axis: np.ndarray, ray: np.ndarray) -> np.ndarray:
    return np.where(np.arange(3)[:, None, None] == axis, -np.sign(ray), np.float32(0))


def _nearer(
    depth: np.ndarray, normal: np.ndarray, what: np.ndarray, its_depth: np.ndarray, its_normal: np.ndarray, number: int
) -> None:
    hit = its_depth < depth
    depth[hit], what[hit] = its_depth[hit], number
    normal[:, hit] = its_normal[:, hit]


def _shade(rooms: Rooms, point: np.ndarray, normal: np.ndarray, what: np.ndarray) -> np.ndarray:
    """Light that comes back from points, (3, N, P) -> (3, N, P): an even part, and the lamp's, which fades."""
    tile, stripe = rooms.period.T[..., None]
    x, _, z = point
    tiles = np.sign(np.sin(np.pi * x / tile) * np.sin(np.pi * z / tile))
    stripes = np.sin(2 * np.pi * (x + z) / stripe)
    pattern = 1 + np.where(what == 1, 0.25 * tiles, np.where(what == 2, 0, 0.12 * stripes))
    to_lamp = rooms.lamp.T[..., None] - point
    square = (to_lamp**2).sum(0)
    facing = np.maximum((normal * to_lamp).sum(0), 0) / np.sqrt(square)
    bright = pattern * (0.35 + 0.9 * facing / (1 + square / 12))
    colour = np.take_along_axis(rooms.colour, what[..., None], 1)  # (N, P, 3)
    return np.moveaxis(colour * rooms.light[:, None], 2, 0) * bright
