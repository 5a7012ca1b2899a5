"""Isotonic calibration: correct final predictions by a monotone function, fitted on the validation split.

Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates, KDD 2002.
Follows scikit-learn's IsotonicRegression.
Differs: labels stand for classes; the validation split that chose the epoch is used again, the test split never.
"""

import torch
from torch import Tensor

from bench.dataset import Dataset
from bench.method import Method


class Isotonic(Method):
    """Each target by a function of its own; training is the baseline's. No parameters."""

    @classmethod
    def unsupported_reason(cls, dataset: Dataset) -> str | None:
        """It would be one function for each pixel."""
        return "it corrects one number a target, and here a target is a map" if dataset.dense_targets else None

    def calibrate(self, y_hat: Tensor, labels: Tensor) -> None:
        """Fit labels by predictions, target by target."""
        from sklearn.isotonic import IsotonicRegression

        pairs = zip(y_hat.T.double().numpy(), labels.T.double().numpy(), strict=True)
        self.fitted = [IsotonicRegression(out_of_bounds="clip").fit(*pair) for pair in pairs]

    def calibrated(self, y_hat: Tensor) -> Tensor:
        """Equal predictions stay equal, and none overtakes another."""
        columns = [fit.predict(column.double().numpy()) for fit, column in zip(self.fitted, y_hat.T, strict=True)]
        return torch.stack([torch.from_numpy(column) for column in columns], 1).to(y_hat)
