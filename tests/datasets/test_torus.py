"""The torus."""

import numpy as np
import pytest

from bench.errors import BenchError
from support.datasets import make


def test_a_torus_has_radii_four_and_one():
    x, y, z = make("torus").shape(np.random.default_rng(0)).T
    np.testing.assert_allclose((np.hypot(x, y) - 4) ** 2 + z**2, 1)


def test_published_points_are_one_draw():
    with pytest.raises(BenchError, match="draw=3 with points=published"):
        make("torus[points=published,draw=3]")
