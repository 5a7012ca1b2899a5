"""Metrics of predictions that say how sure they are: by a Gaussian's deviation, or by quantiles.

Arguments are arrays of equal shape in the unit of the dataset; entries of several targets count alike.
"""

from collections.abc import Mapping

import numpy as np

LEVEL = 0.9  # of the central interval whose coverage is counted
DEVIATION = "deviation"


def nll(y_hat: np.ndarray, deviation: np.ndarray, y: np.ndarray) -> float:
    """Mean negative log likelihood of the labels under the predicted Gaussians, in nats.

    >>> round(nll(np.zeros(1), np.ones(1), np.zeros(1)), 4)
    0.9189
    """
    variance = deviation**2
    return float(np.mean((np.log(2 * np.pi * variance) + (y - y_hat) ** 2 / variance) / 2))


def crps(y_hat: np.ndarray, deviation: np.ndarray, y: np.ndarray) -> float:
    """Continuous ranked probability score of the predicted Gaussians (Gneiting et al., 2005), in the label's unit.

    >>> round(crps(np.zeros(1), np.ones(1), np.zeros(1)), 4)
    0.2337
    """
    from scipy.special import ndtr

    z = (y - y_hat) / deviation
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.mean(deviation * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))))


def coverage(low: np.ndarray, high: np.ndarray, y: np.ndarray) -> float:
    """Share of the labels inside their intervals, both ends included.

    >>> coverage(np.zeros(2), np.ones(2), np.array([1.0, 2.0]))
    0.5
    """
    return float(np.mean((low <= y) & (y <= high)))


def quantile_crps(quantiles: Mapping[float, np.ndarray], y: np.ndarray) -> float:
    """Twice the mean pinball loss over the predicted quantiles: the CRPS where they are many and even.

    >>> quantile_crps({0.5: np.zeros(1)}, np.ones(1))
    1.0
    """
    losses = [np.mean(np.maximum(level * (y - q), (level - 1) * (y - q))) for level, q in quantiles.items()]
    return float(2 * np.mean(losses))


def scores(y_hat: np.ndarray, columns: Mapping[str, np.ndarray], y: np.ndarray) -> dict[str, float]:
    """Every score that the columns of a method allow: "deviation", or quantiles named "q0.05"."""
    if DEVIATION in columns:
        from scipy.special import ndtri

        deviation, reach = columns[DEVIATION], float(ndtri((1 + LEVEL) / 2))
        low, high = y_hat - reach * deviation, y_hat + reach * deviation
        return {
            "nll": nll(y_hat, deviation, y),
            "crps": crps(y_hat, deviation, y),
            "coverage90": coverage(low, high, y),
        }
    quantiles = {float(name[1:]): values for name, values in columns.items() if name.startswith("q")}
    if not quantiles:
        return {}
    found = {"crps": quantile_crps(quantiles, y)}
    low, high = (quantiles.get(round((1 + sign * LEVEL) / 2, 6)) for sign in (-1, 1))
    if low is not None and high is not None:
        found["coverage90"] = coverage(low, high, y)
    return found
