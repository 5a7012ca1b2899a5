"""Drawn rooms: depth by hand."""

import numpy as np

from bench.synthetic.scenes import FOCAL, cast, draw


def test_depth_of_a_bare_wall_is_its_distance_and_of_the_floor_follows_from_the_eye():
    room = draw(1, np.random.default_rng(0))
    room.turn[:] = 0
    room.box_low[:], room.box_high[:], room.ball[:], room.radius[:] = 50, 51, 50, 0.1
    room.low[:], room.high[:] = (-2, -0.7, -1), (2, 1, 3)
    depth, light = cast(room, (5, 7))
    # up to the ceiling, straight to the wall, down to the floor
    slope = 2 / (FOCAL * 7)
    np.testing.assert_allclose(depth[0, [0, 2, 4], 3], [1 / slope, 3, 0.7 / slope], rtol=1e-5)
    assert light.shape == (1, 3, 5, 7)
    assert light.min() > 0
