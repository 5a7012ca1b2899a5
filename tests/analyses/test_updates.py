"""Updates: moves along the head's weight, across it, and those of no head."""

import numpy as np
import pytest

from bench.analyses.updates import Updates
from bench.analysis import Kept

RNG = np.random.default_rng(0)
START, LABELS = RNG.normal(size=(50, 3)), RNG.normal(size=(50, 1))
HEAD = np.array([[0.0, 3.0, 4.0]])


def measured(moves, head=HEAD):
    return Updates().measure(Kept(START + moves, LABELS, START, head))


def test_moves_along_the_weight_are_wholly_within_it_and_those_across_are_not():
    sizes = RNG.normal(size=(50, 1))
    assert measured(sizes @ HEAD) == pytest.approx({"along_head": 1, "principal": 0}, abs=1e-9)
    assert measured(sizes @ [[1.0, 0.0, 0.0]]) == pytest.approx({"along_head": 0, "principal": 1}, abs=1e-9)
    halfway = sizes @ [[1.0, 0.6, 0.8]]
    assert measured(halfway) == pytest.approx({"along_head": 0.5, "principal": 1 - 0.5**0.5})


def test_several_weights_span_a_plane_and_equal_ones_a_line():
    moves = RNG.normal(size=(50, 1)) @ [[1.0, 2.0, 0.0]]
    assert measured(moves, np.array([[1.0, 0.0, 0.0], [0.0, 5.0, 0.0]]))["along_head"] == pytest.approx(1)
    assert measured(moves, np.array([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]))["along_head"] == pytest.approx(0.2)


def test_without_moves_or_a_linear_head_there_is_no_value():
    assert measured(np.zeros((50, 3))) == {}
    assert measured(np.ones((50, 3)), None) == {}
    assert Updates().measure(Kept(START, LABELS, None, HEAD)) == {}
