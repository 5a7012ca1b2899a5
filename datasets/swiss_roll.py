"""Coordinates of scikit-learn's swiss roll, without noise.

The authors published a draw (points=published) but the table of arXiv:2502.09122 has no row for it.
"""

import numpy as np

from bench.bases.coordinates import ROWS, Coordinates, published


class SwissRoll(Coordinates):
    """A sheet of width 21 rolled up one and a half times."""

    groups = ("coordinates",)
    imports = ("sklearn.datasets",)
    files = (
        published(
            "swiss_roll",
            "31b499c01670c14a421b84b8746469b33b628aa3bcb07fb0e98ea984b976ac28",
            "0f5e3cd6ff1f687a3fcd27d7fa34fe46aca7e80cedd02367b69ab32151b396a6",
        ),
    )

    def shape(self, rng: np.random.Generator) -> np.ndarray:
        """One roll, (ROWS, 3)."""
        from sklearn.datasets import make_swiss_roll

        return make_swiss_roll(ROWS, random_state=int(rng.integers(2**32)))[0]
