"""A metric on resampled test rows, from sums over rows, so that ten thousand resamples are one matrix product.

A metric of a resample is a function of a few sums over its rows. Each row is drawn as often as its count says, and a
count times the row's share of each sum gives the sum. Correlations of ranks take the ranks in the whole region.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

SEED = 666  # of the draws; RandomState's streams never change with numpy's version

Rows = Mapping[str, np.ndarray]  # what each row adds to each sum, (N,)


def counts(rows: int, resamples: int) -> np.ndarray:
    """How often each of the rows is drawn in each resample with replacement; (resamples, rows) float32."""
    draws = np.random.RandomState(SEED).multinomial(rows, np.full(rows, 1 / rows), size=resamples)
    return draws.astype(np.float32)


@dataclass(frozen=True)
class Resampled:
    """How a metric is made of sums.

    Args:
        rows: predictions (N, T) and labels (N, T) -> what each row adds to each sum.
        value: the sums, each of any shape, -> the metric.
    """

    rows: Callable[[np.ndarray, np.ndarray], Rows]
    value: Callable[[Rows], np.ndarray]

    def estimate(self, y_hat: np.ndarray, y: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The metric in each resample; (N, T), (N, T) and counts (B, N) -> (B,)."""
        parts = self.rows(y_hat.reshape(len(y), -1).astype(np.float64), y.reshape(len(y), -1).astype(np.float64))
        sums = drawn @ np.stack([parts[name] for name in parts], axis=1)
        with np.errstate(all="ignore"):
            return self.value(dict(zip(parts, sums.astype(np.float64).T, strict=True)))


def _mean_of(term: Callable[[np.ndarray, np.ndarray], np.ndarray], after: Callable[..., np.ndarray] | None = None):
    def rows(y_hat: np.ndarray, y: np.ndarray) -> Rows:
        return {"sum": term(y_hat, y).sum(1), "entries": np.full(len(y), float(y.shape[1]))}

    def value(sums: Rows) -> np.ndarray:
        mean = sums["sum"] / sums["entries"]
        return after(mean) if after else mean

    return Resampled(rows, value)


def _products(y_hat: np.ndarray, y: np.ndarray) -> Rows:
    # about the mean, as sums of squares lose digits otherwise; neither correlation nor R² sees the shift
    a, b = y_hat - y.mean(0), y - y.mean(0)
    terms = {"a": a, "b": b, "aa": a * a, "bb": b * b, "ab": a * b, "entries": np.ones_like(b)}
    return {name: term.sum(1) for name, term in terms.items()}


def _ranked(y_hat: np.ndarray, y: np.ndarray) -> Rows:
    return _products(*(rankdata(values.ravel()).reshape(values.shape) for values in (y_hat, y)))


def _correlation(sums: Rows) -> np.ndarray:
    n = sums["entries"]
    covariance = sums["ab"] - sums["a"] * sums["b"] / n
    spread = (sums["aa"] - sums["a"] ** 2 / n) * (sums["bb"] - sums["b"] ** 2 / n)
    return covariance / np.sqrt(spread)


def _explained(sums: Rows) -> np.ndarray:
    error = sums["aa"] - 2 * sums["ab"] + sums["bb"]
    return 1 - error / (sums["bb"] - sums["b"] ** 2 / sums["entries"])


def _within(factor: float) -> Resampled:
    def near(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            ratio = y_hat / y
            return ((np.maximum(ratio, 1 / ratio) <= factor) & (ratio > 0)).astype(np.float64)

    return _mean_of(near)


RESAMPLED: dict[str, Resampled] = {
    "mae": _mean_of(lambda y_hat, y: np.abs(y_hat - y)),
    "mse": _mean_of(lambda y_hat, y: (y_hat - y) ** 2),
    "rmse": _mean_of(lambda y_hat, y: (y_hat - y) ** 2, np.sqrt),
    "r2": Resampled(_products, _explained),
    "pearson": Resampled(_products, _correlation),
    "spearman": Resampled(_ranked, _correlation),
    "delta1": _within(1.25),
    "delta2": _within(1.25**2),
    "delta3": _within(1.25**3),
    "abs_rel": _mean_of(lambda y_hat, y: np.abs(y_hat - y) / y),
    "lg10": _mean_of(lambda y_hat, y: np.abs(np.log10(y_hat) - np.log10(y))),
}  # the geometric mean is left out: one exact hit makes it 0; Kendall's tau is no function of sums
