"""Theta: turns over epochs, and how alike several weights move."""

import numpy as np
import pytest

from bench.analyses.theta import Theta
from bench.analysis import Kept

Z = np.zeros((4, 2))


def measured(heads, steps=None):
    return Theta().measure(Kept(Z, Z[:, :1], heads=np.array(heads), steps=None if steps is None else np.array(steps)))


def test_a_turn_is_from_the_first_epoch_on_and_does_not_see_lengths_or_the_start():
    start, last = [[-5.0, 1.0]], [[0.0, 2.0]]
    assert measured([start, [[0.0, 7.0]], last]) == {"turn": 0, "turn_most": 0}
    assert measured([start, [[1.0, 1.0]], last])["turn"] == pytest.approx(1 - 0.5**0.5)


def test_several_weights_have_a_mean_and_a_largest_turn():
    heads = [[[1.0, 0.0]] * 2, [[3.0, 0.0], [0.0, 3.0]], [[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]]
    found = measured(heads)
    assert (found["turn"], found["turn_most"]) == pytest.approx((0.5, 1.0))


def test_updates_along_one_line_are_alike_whatever_their_signs_and_others_are_not():
    heads = np.random.default_rng(0).normal(size=(3, 2, 2))
    sizes = np.random.default_rng(1).normal(size=(50, 1))
    along, across = sizes @ [[1.0, 2.0]], -3 * sizes @ [[2.0, -1.0]]
    assert measured(heads, np.stack([along, -along], 1))["apart"] == pytest.approx(0, abs=1e-9)
    assert measured(heads, np.stack([along, across], 1))["apart"] == pytest.approx(1)


def test_without_single_steps_updates_are_those_between_epochs():
    line = np.arange(5.0)[:, None] ** 2
    heads = np.stack([1 + line @ [[1.0, 0.0]], 1 + line @ [[1.0, 1.0]]], 1)
    assert measured(heads)["apart"] == pytest.approx(1 - 0.5**0.5)


def test_without_a_linear_head_or_two_epochs_there_is_no_value():
    assert Theta().measure(Kept(Z, Z[:, :1])) == {}
    assert measured([[[1.0, 0.0]]] * 2) == {}
