"""Ordinality: what the coefficients are worth on features whose order is known."""

from itertools import combinations

import numpy as np
import pytest

from bench.analyses.ordinality import Ordinality, order
from bench.analysis import Kept

LABELS = np.random.default_rng(1).uniform(1, 9, size=(30, 1))


def measured(z, labels=LABELS):
    return Ordinality().measure(Kept(np.asarray(z, float), labels))


def test_features_along_a_line_of_the_label_are_in_full_order():
    found = measured(3 * LABELS * [[0.6, 0.8]] - 7)
    assert found["spearman_euclidean"] == found["kendall_euclidean"] == pytest.approx(1)


def test_directions_that_turn_with_the_label_are_in_order_by_their_cosine_whatever_their_length():
    angle = LABELS / 9
    lengths = np.random.default_rng(2).uniform(1, 50, size=LABELS.shape)
    found = measured(lengths * np.hstack([np.cos(angle), np.sin(angle)]))
    assert found["spearman_cosine"] == found["kendall_cosine"] == pytest.approx(1)
    assert abs(found["spearman_euclidean"]) < 0.5


def test_features_that_know_nothing_of_the_label_have_no_order():
    found = measured(np.random.default_rng(3).normal(size=(30, 5)))
    assert all(abs(value) < 0.15 for value in found.values())


def test_kendall_counts_pairs_of_pairs():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=12), rng.normal(size=12)
    signs = [np.sign((a[i] - a[j]) * (b[i] - b[j])) for i, j in combinations(range(12), 2)]
    assert order(a, b)[1] == pytest.approx(np.mean(signs))


def test_features_in_one_place_and_equal_labels_have_no_value():
    assert all(np.isnan(value) for value in measured(np.ones((30, 2))).values())
    assert all(np.isnan(value) for value in measured(LABELS, np.ones((30, 1))).values())


def test_a_feature_of_zeros_has_the_cosine_of_a_right_angle():
    kept = Kept(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]), LABELS[:3])
    np.testing.assert_allclose(kept.distances("cosine"), [1, 1, 1])
