"""Coordinates of a torus with radii 4 and 1.

Its published draw (points=published) is the one behind the papers' tables.
"""

import numpy as np

from bench.bases.coordinates import ROWS, Coordinates, published


class Torus(Coordinates):
    """Both angles are uniform, so the inner side is denser than the outer."""

    groups = ("coordinates",)
    reported = "coordinate-torus"
    files = (
        published(
            "torus",
            "abdb1d4c8eb04c6be7ad478c7c46679c8fb0ae305bb707de282d0c76c2ae3cea",
            "3bb41593ae56e7a98e8bde400717f2c6362500c038aeaa812123ba2b34f9af4f",
        ),
    )

    def shape(self, rng: np.random.Generator) -> np.ndarray:
        """One torus, (ROWS, 3)."""
        theta, phi = 2 * np.pi * rng.random((2, ROWS))
        radius = 4 + np.cos(theta)
        return np.stack([radius * np.cos(phi), radius * np.sin(phi), np.sin(theta)], axis=1)
