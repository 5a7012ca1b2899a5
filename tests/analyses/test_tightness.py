"""Tightness: volumes and spreads that can be computed by hand."""

import numpy as np
import pytest

from bench.analyses.tightness import Tightness
from bench.analysis import Kept

RNG = np.random.default_rng(0)


def measured(z, labels):
    return Tightness().measure(Kept(np.asarray(z, float), np.asarray(labels, float)))


def test_the_volume_is_the_mean_distance_of_all_pairs():
    found = measured([[0, 1], [0, 4], [3, 0]], [[1], [2], [3]])
    assert found["volume_euclidean"] == pytest.approx((3 + 10**0.5 + 5) / 3)
    assert found["volume_cosine"] == pytest.approx((0 + 1 + 1) / 3)


def test_rows_of_equal_labels_in_one_place_have_no_spread_and_those_anywhere_have_that_of_all():
    labels = np.repeat(np.arange(10.0), 20)[:, None]
    assert measured(labels, labels)["spread"] == 0
    assert measured(RNG.normal(size=(200, 6)), labels)["spread"] == pytest.approx(1, abs=0.05)


def test_noise_around_a_line_is_a_larger_spread_the_more_there_is_and_no_scale_changes_it():
    labels = RNG.uniform(size=(200, 1))
    noise = RNG.normal(size=(200, 4))
    line = labels @ np.ones((1, 4))
    spreads = [measured(line + size * noise, labels)["spread"] for size in (0.0, 0.1, 0.5)]
    assert spreads == sorted(spreads)
    assert spreads[0] < 0.1 < 0.7 < spreads[2]
    assert measured(100 * (line + 0.1 * noise), labels)["spread"] == pytest.approx(spreads[1])


def test_features_in_one_place_have_no_spread_to_speak_of():
    assert np.isnan(measured(np.ones((5, 2)), np.arange(5.0)[:, None])["spread"])
