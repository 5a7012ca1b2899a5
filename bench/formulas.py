"""What metrics share: numpy arrays in, numbers or arrays out, no shapes checked."""

import numpy as np


def mean_over_bins(errors: np.ndarray, bins: np.ndarray) -> float:
    """Mean over bins of the mean error within each."""
    _, index = np.unique(bins.ravel(), return_inverse=True)
    return (np.bincount(index, errors.ravel()) / np.bincount(index)).mean()


def share_within(factor: float, y_hat: np.ndarray, y: np.ndarray) -> float:
    """Share of predictions within a factor of the label, of its sign."""
    above, below = y_hat / y, y / y_hat
    return ((np.maximum(above, below) <= factor) & (above > 0)).mean()


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Linear correlation of two vectors: 0 for one entry, nan where either is constant."""
    if a.size < 2:
        return 0.0
    if not (np.ptp(a) > 0 and np.ptp(b) > 0):
        return np.nan
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b)), -1, 1))


def angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Degrees between directions that are given by pitch and yaw in degrees, (N, 2), (N, 2) -> (N,)."""
    a, b = (_direction(np.radians(values)) for values in (one, other))
    # of sine and cosine together, as the cosine alone says little of small angles
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), (a * b).sum(1)))


def _direction(radians: np.ndarray) -> np.ndarray:
    pitch, yaw = radians.T
    return np.stack([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], axis=1)
