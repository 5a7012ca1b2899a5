"""Label distribution smoothing (LDS): weigh samples by the inverse of the smoothed count of their label bin.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression datasets.py, sts-b-dir/tasks.py, nyud2-dir/loaddata.py at a6fdc45d45c0.
Differs: nothing; smoothed whole counts lose their fraction, as released: reported numbers come from that.
"""

from typing import ClassVar

import numpy as np

from bench.bases.reweighting import Reweighting, Scheme, bin_weights, smoothed
from bench.functional.smoothing import Kernel, window
from bench.ranges import Count, Index, Odd, Spread

__all__ = ["LDS", "bin_weights", "window"]


class LDS(Reweighting):
    """Re-weighting by smoothed label density; in a stack it smooths the counts of the other re-weighting method.

    Args:
        scheme: inverse of the count, or of its square root; in a stack the other method's scheme counts.
        kernel: gaussian, triang or laplace.
        size: bins in the window; 1 gives plain re-weighting.
        sigma: of the window, in bins.
        low, high: counts are clipped to these under `inverse`; None for no upper bound.
    """

    fallback_slots: ClassVar[tuple[str, ...]] = ("weights",)
    defaults: ClassVar = {
        "agedb": {"low": 5, "high": 1000},
        "imdb_wiki": {"low": 5, "high": 1000},
        "stsb": {"scheme": "inverse"},
        "nyud2": {"scheme": "inverse"},
    }
    origins: ClassVar = {
        "": "paper, appendix A, and code",
        "low": "code for STS-B: no clipping",
        "high": "code for STS-B: no clipping",
        "agedb": "code",
        "imdb_wiki": "code",
        "stsb": "code",
        "nyud2": "code",
    }
    ordered: ClassVar = (("low", "high"),)

    def __init__(
        self,
        scheme: Scheme = "sqrt_inverse",
        kernel: Kernel = "gaussian",
        size: Odd = 5,
        sigma: Spread = 2.0,
        low: Index = 0,
        high: Count | None = None,
    ) -> None:
        super().__init__()
        self.scheme: Scheme = scheme
        self.smoothing = (kernel, size, sigma)
        self.clip = (low, high) if scheme == "inverse" else None

    def density(self, density: np.ndarray) -> np.ndarray:
        """Smooth what is to be inverted, this method's own or that of the re-weighting it is stacked with."""
        return smoothed(density, self.smoothing, "reflect" if self.task.bins and self.task.bins.first else "zero")
