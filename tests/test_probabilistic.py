"""Scores of predictions that say how sure they are, against hand values and integrals."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from bench.probabilistic import coverage, crps, nll, quantile_crps, scores
from bench.testing.toy import Toy
from bench.training import evaluate

Y_HAT, DEVIATION, Y = np.array([1.0, -2.0]), np.array([2.0, 0.5]), np.array([4.0, -2.5])


def test_the_likelihood_is_that_of_the_density():
    expected = -(norm.logpdf(4, 1, 2) + norm.logpdf(-2.5, -2, 0.5)) / 2
    assert nll(Y_HAT, DEVIATION, Y) == pytest.approx(expected)
    # (log 8π + 9/4) / 2 and (log π/2 + 1) / 2
    assert expected == pytest.approx((math.log(8 * math.pi) + 2.25 + math.log(math.pi / 2) + 1) / 4)


def test_the_ranked_probability_score_is_the_integral_of_the_squared_difference_of_distributions():
    def integral(y_hat, deviation, y):
        below, _ = quad(lambda t: norm.cdf(t, y_hat, deviation) ** 2, y_hat - 30, y)
        above, _ = quad(lambda t: norm.sf(t, y_hat, deviation) ** 2, y, y_hat + 30)
        return below + above

    expected = [integral(*one) for one in zip(Y_HAT, DEVIATION, Y, strict=True)]
    assert crps(Y_HAT, DEVIATION, Y) == pytest.approx(np.mean(expected), rel=1e-6)


def test_an_interval_holds_both_of_its_ends():
    low, high = np.array([0.0, 0.0, 0.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0, 1.0])
    assert coverage(low, high, np.array([0.0, 1.0, 0.5, -0.001, 1.001])) == 0.6


def test_a_high_quantile_costs_more_where_the_label_lies_above_it():
    assert quantile_crps({0.9: np.array([2.0])}, np.array([5.0])) == pytest.approx(2 * 0.9 * 3)
    assert quantile_crps({0.9: np.array([2.0])}, np.array([1.0])) == pytest.approx(2 * 0.1 * 1)
    both = quantile_crps({0.9: np.array([2.0]), 0.1: np.array([0.0])}, np.array([5.0]))
    assert both == pytest.approx(2 * (0.9 * 3 + 0.1 * 5) / 2)


def test_a_deviation_gives_likelihood_score_and_coverage_of_ninety_percent():
    y = np.array([1.64, -1.64, 1.65, -1.65, 0.0])  # the ends are at ±1.6449 deviations
    found = scores(np.full(5, 10.0), {"deviation": np.full(5, 2.0)}, 10 + 2 * y)
    assert list(found) == ["nll", "crps", "coverage90"]
    assert found["coverage90"] == 0.6


def test_quantiles_give_a_score_and_a_coverage_where_both_ends_of_the_interval_are_there():
    y, low, high = np.array([1.0, 5.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0])
    assert scores(y, {"q0.05": low, "q0.95": high}, y)["coverage90"] == 0.5
    assert list(scores(y, {"q0.05": low, "q0.9": high}, y)) == ["crps"]
    assert scores(y, {"other": low}, y) == {}


def test_each_region_is_scored_on_its_own_rows_of_every_column():
    class Halves(Toy):
        def regions(self, train_labels, labels):
            return np.where(labels.ravel() > labels.mean(), "many", "few")

    dataset = Halves()
    splits = dataset.load(Path())
    y = splits.val.labels
    high = y > y.mean()
    columns = {"q0.05": torch.where(high, y, y + 1), "q0.95": y + 2}  # every label of "many" inside, none of "few"
    found = evaluate.metrics(dataset, splits, "val", y, columns)
    assert (found["many"]["coverage90"], found["few"]["coverage90"]) == (1.0, 0.0)
    assert found["all"]["coverage90"] == pytest.approx(high.double().mean().item())
    assert "coverage90" not in found["medium"]  # which has no row
    assert "coverage90" not in evaluate.metrics(dataset, splits, "val", y)["all"]
