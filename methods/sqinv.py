"""Square-root inverse re-weighting (SQINV): weigh samples by one over the square root of their label bin's count.

Yang et al., Delving into Deep Imbalanced Regression, ICML 2021, arXiv:2102.09554.
Follows YyzHarry/imbalanced-regression datasets.py at a6fdc45d45c0.
Differs: nothing.
"""

from bench.bases.reweighting import Reweighting


class SquareRootInverse(Reweighting):
    """Fixed weights from the training labels; the mean weight of the training samples is 1."""

    scheme = "sqrt_inverse"
