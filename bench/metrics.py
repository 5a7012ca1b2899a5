"""Metrics: pure functions of (y_hat, y) in the unit of the dataset, computed in float64.

Arguments are numpy arrays, lists or torch tensors of any float type on any device, of equal shape up to axes
of length 1. Entries of several targets count alike. Without a single entry every metric is nan.
Some take a third array of that shape, which says more of the labels (`Metric.given`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import Any, Literal

import numpy as np

from bench.errors import BenchError
from bench.formulas import angles, correlation, mean_over_bins, share_within
from bench.relevance import relevance as relevance_of

STEPS = 1000  # of relevance, in SERA


def to_array(values: Any) -> np.ndarray:
    """Numbers as a float64 array; knows a torch tensor by its methods, so that torch is not imported."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    return np.asarray(values, dtype=np.float64)


def _squeezed(values: Any) -> np.ndarray:
    return np.atleast_1d(to_array(values).squeeze())


def _metric(function: Callable[..., float]) -> Callable[..., float]:
    arguments = signature(function)
    third = frozenset([*arguments.parameters][2:])

    @wraps(function)
    def checked(y_hat: Any, y: Any, *given: Any, **named: Any) -> float:
        predicted, true = (_squeezed(values) for values in (y_hat, y))
        if predicted.shape != true.shape:
            raise BenchError(
                f"predictions of shape {predicted.shape} do not fit labels of shape {true.shape}; "
                "give one prediction for each label"
            )
        told = arguments.bind(y_hat, y, *given, **named).arguments if given or named else {}
        more = {name: _squeezed(told[name]) for name in third & told.keys() if told[name] is not None}
        for name, values in more.items():
            if values.shape != true.shape:
                raise BenchError(f"{name} of shape {values.shape} does not fit labels of shape {true.shape}")
        # log 0, 0 / 0 and inf - inf have a value here and need no warning
        with np.errstate(all="ignore"):
            return float(function(predicted, true, **more)) if true.size else np.nan

    return checked


@_metric
def mae(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Mean absolute error.

    >>> mae([1, 2], [2, 4])
    1.5
    """
    return np.abs(y_hat - y).mean()


@_metric
def mse(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error.

    >>> mse([1, 2], [2, 4])
    2.5
    """
    return ((y_hat - y) ** 2).mean()


@_metric
def rmse(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Root of the mean squared error over all entries.

    >>> rmse([0, 0], [3, -3])
    3.0
    """
    return np.sqrt(((y_hat - y) ** 2).mean())


@_metric
def gmean_error(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Geometric mean of the absolute errors (GM); one exact hit makes it 0.

    >>> round(gmean_error([0, 0], [2, 8]), 9)
    4.0
    >>> gmean_error([0, 8], [2, 8])
    0.0
    """
    return np.exp(np.log(np.abs(y_hat - y)).mean())


@_metric
def r2(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance explained, 1 - SSE/SST; SST is about each target's mean, and nan if it is 0.

    >>> r2([1, 2, 4], [1, 2, 3])
    0.5
    """
    sst = ((y - y.mean(axis=0)) ** 2).sum()
    return 1 - ((y_hat - y) ** 2).sum() / sst if np.ptp(y, axis=0).any() else np.nan


@_metric
def pearson(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Linear correlation in [-1, 1]; 0 for one sample, nan where either side is constant.

    >>> round(pearson([1, 2, 3], [2, 4, 6]), 9)
    1.0
    """
    return correlation(y_hat.ravel(), y.ravel())


@_metric
def spearman(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Linear correlation of the ranks, ties at their mean rank; else as pearson.

    >>> round(spearman([1, 2, 9], [2, 4, 6]), 9)
    1.0
    """
    from scipy.stats import rankdata  # pyright: ignore[reportUnknownVariableType, reportMissingTypeStubs]

    return correlation(*(rankdata(values, nan_policy="propagate") for values in (y_hat.ravel(), y.ravel())))


@_metric
def kendall(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b: pairs in order minus pairs out of order, ties corrected; else as pearson.

    >>> round(kendall([1, 3, 2], [1, 2, 3]), 3)
    0.333
    """
    from scipy.stats import kendalltau  # pyright: ignore[reportUnknownVariableType, reportMissingTypeStubs]

    if y.size < 2:
        return 0.0
    tau, _ = kendalltau(y_hat.ravel(), y.ravel())
    return tau  # type: ignore[return-value]


@_metric
def delta1(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Share of predictions within a factor of 1.25 of the label, 1.25 included; another sign is never within.

    >>> delta1([1, 5, 2], [1, 4, 1])
    0.6666666666666666
    """
    return share_within(1.25, y_hat, y)


@_metric
def delta2(y_hat: np.ndarray, y: np.ndarray) -> float:
    """As delta1, within a factor of 1.25².

    >>> delta2([1.5, 1.6], [1, 1])
    0.5
    """
    return share_within(1.25**2, y_hat, y)


@_metric
def delta3(y_hat: np.ndarray, y: np.ndarray) -> float:
    """As delta1, within a factor of 1.25³.

    >>> delta3([1.9, 2], [1, 1])
    0.5
    """
    return share_within(1.25**3, y_hat, y)


@_metric
def abs_rel(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Mean absolute error relative to the label; labels are above 0.

    >>> abs_rel([1, 6], [2, 4])
    0.5
    """
    return (np.abs(y_hat - y) / y).mean()


@_metric
def lg10(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Mean absolute error of the decimal logarithm; nan where a prediction is not above 0.

    >>> lg10([10, 1], [1, 10])
    1.0
    """
    return np.abs(np.log10(y_hat) - np.log10(y)).mean()


@_metric
def angular(y_hat: np.ndarray, y: np.ndarray) -> float:
    """Mean angle in degrees between directions that are given by pitch and yaw in degrees, (N, 2).

    >>> round(angular([[0, 0], [60, 90]], [[0, 10], [60, -90]]), 6)
    35.0
    """
    if y.shape[-1] != 2:
        raise BenchError(f"directions of shape {y.shape} are no pitch and yaw; give (N, 2)")
    return angles(y_hat.reshape(-1, 2), y.reshape(-1, 2)).mean()


@_metric
def balanced_mae(y_hat: np.ndarray, y: np.ndarray, bins: np.ndarray | None = None) -> float:
    """Mean over label bins of the mean absolute error within each; bins without a label do not count.

    Args:
        bins: number of each label's bin; without them every distinct label is one.

    >>> balanced_mae([1, 2, 5], [1, 3, 3], bins=[0, 0, 1])
    1.25
    """
    return mean_over_bins(np.abs(y_hat - y), y if bins is None else bins)


@_metric
def balanced_mse(y_hat: np.ndarray, y: np.ndarray, bins: np.ndarray | None = None) -> float:
    """As balanced_mae, of squared errors.

    >>> balanced_mse([1, 2, 5], [1, 3, 3], bins=[0, 0, 1])
    2.25
    """
    return mean_over_bins((y_hat - y) ** 2, y if bins is None else bins)


@_metric
def sera(y_hat: np.ndarray, y: np.ndarray, relevance: np.ndarray | None = None) -> float:
    """Squared error-relevance area: the integral over t in [0, 1] of the squared errors where relevance is t or more.

    Ribeiro and Moniz (Machine Learning, 2020); a sum over the labels, not a mean, by the trapezoid rule in steps of
    0.001, both as in their package IRon.

    Args:
        relevance: of each label, in [0, 1], by `bench.relevance` from the training labels; without it from y itself.

    >>> round(sera([0, 0], [1, 2], relevance=[0, 1]), 4)
    4.0005
    """
    reached = np.searchsorted(
        np.arange(STEPS + 1) / STEPS, relevance_of(y, y) if relevance is None else relevance, "right"
    )
    return ((y_hat - y) ** 2 * np.minimum((reached - 0.5) / STEPS, 1)).sum()


@dataclass(frozen=True)
class Metric:
    """A metric and how a board prints it.

    Args:
        unit: the dataset's ("unit"), its square, or none.
        given: what its third argument is, of all labels together: such a metric has no value for a region.
    """

    function: Callable[..., float]
    label: str
    higher_is_better: bool = False
    unit: Literal["unit", "unit²", ""] = "unit"
    given: Literal["bins", "relevance", ""] = ""

    def sort_key(self, value: float | None) -> float:
        """The value in the sense that smaller is better; no value comes last.

        >>> sorted([0.5, None, 0.9], key=METRICS["r2"].sort_key)
        [0.9, 0.5, None]
        """
        return math.inf if value is None else -value if self.higher_is_better else value


METRICS: dict[str, Metric] = {
    "mae": Metric(mae, "MAE"),
    "mse": Metric(mse, "MSE", unit="unit²"),
    "rmse": Metric(rmse, "RMSE"),
    "gmean_error": Metric(gmean_error, "GM"),
    "r2": Metric(r2, "R²", higher_is_better=True, unit=""),
    "pearson": Metric(pearson, "Pearson", higher_is_better=True, unit=""),
    "spearman": Metric(spearman, "Spearman", higher_is_better=True, unit=""),
    "kendall": Metric(kendall, "Kendall", higher_is_better=True, unit=""),
    "delta1": Metric(delta1, "δ1", higher_is_better=True, unit=""),
    "delta2": Metric(delta2, "δ2", higher_is_better=True, unit=""),
    "delta3": Metric(delta3, "δ3", higher_is_better=True, unit=""),
    "abs_rel": Metric(abs_rel, "ABS_REL", unit=""),
    "lg10": Metric(lg10, "LG10", unit=""),
    "angular": Metric(angular, "Angular error"),
    "balanced_mae": Metric(balanced_mae, "bMAE", given="bins"),
    "balanced_mse": Metric(balanced_mse, "bMSE", unit="unit²", given="bins"),
    "sera": Metric(sera, "SERA", unit="unit²", given="relevance"),
}
