"""Coordinates of a circle of radius 1, randomly rotated in space; each distractor has a rotation of its own.

Its published draw (points=published) is the one behind the papers' tables.
"""

import numpy as np

from bench.bases.coordinates import ROWS, Coordinates, published


class Circle(Coordinates):
    """Angles on a grid of 1000 values, both ends included; Q of the QR of a uniform 3 x 3 matrix rotates."""

    groups = ("coordinates",)
    reported = "coordinate-circle"
    files = (
        published(
            "circle",
            "85d6813128b50d820995d6b66c5ba7d6c49d4a444509609742fd82f416859ac8",
            "0241a315475a19b76d6ddf9ea75cf0b7ec923337679efc7696cfb243ab956ba3",
        ),
    )

    def shape(self, rng: np.random.Generator) -> np.ndarray:
        """One rotated circle, (ROWS, 3)."""
        angle = rng.choice(np.linspace(0, 2 * np.pi, 1000), ROWS)[:, None]
        q, _ = np.linalg.qr(rng.random((3, 3)))
        return np.cos(angle) * q[0] + np.sin(angle) * q[1]
