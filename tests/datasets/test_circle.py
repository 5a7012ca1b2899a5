"""The circle."""

import numpy as np

from support.datasets import make


def test_a_circle_is_flat_with_radius_one_and_each_draw_is_rotated_anew():
    circle, rng = make("circle"), np.random.default_rng(0)
    points, others = circle.shape(rng), circle.shape(rng)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
    assert np.linalg.matrix_rank(points, tol=1e-9) == 2
    assert np.linalg.matrix_rank(np.concatenate([points, others]), tol=1e-3) == 3
