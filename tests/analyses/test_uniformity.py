"""Uniformity against SRL's own terms, and on directions that can be computed by hand."""

import numpy as np
import pytest
import torch

from bench.analyses import uniformity
from bench.analyses.uniformity import Uniformity, trace, unit
from bench.analysis import Kept
from bench.methods import srl

RNG = np.random.default_rng(0)


def test_the_trace_and_its_enveloping_are_those_of_srl():
    z, bins = RNG.normal(size=(60, 5)), RNG.integers(0, 8, size=60)
    bins[:2] = 0, 7
    centres, there = trace(z, bins + 0.5, bins=8)
    points = RNG.normal(size=(40, 5))
    theirs = srl.latent_trace(torch.tensor(z), torch.tensor(bins), torch.zeros(8, 5, dtype=torch.float64))
    np.testing.assert_allclose(centres, theirs[there])
    covered = 1 - srl.enveloping(theirs[there], torch.tensor(points))
    assert uniformity.enveloping(centres, unit(points)) == pytest.approx(covered.item())


def test_homogeneity_on_neighbouring_bins_is_twice_their_number_less_twice_the_cosines():
    centres = unit(RNG.normal(size=(6, 4)))
    cosines = -srl.homogeneity(torch.tensor(centres), beta=0.0).item()
    assert uniformity.homogeneity(centres, np.arange(6)) == pytest.approx(2 * 5 - 2 * cosines)


def test_opposite_directions_have_the_potential_of_their_distance():
    kept = Kept(np.array([[5.0, 0.0], [-0.1, 0.0]]), np.array([[0.0], [1.0]]))
    assert Uniformity().measure(kept)["potential"] == pytest.approx(-2 * 2**2)


def test_what_fills_the_sphere_covers_more_than_what_lies_in_one_direction():
    labels = RNG.uniform(size=(500, 1))
    wide, narrow = RNG.normal(size=(500, 6)), np.ones((500, 6)) + 0.01 * RNG.normal(size=(500, 6))
    found = [Uniformity().measure(Kept(z, labels)) for z in (wide, narrow)]
    assert found[0]["enveloping"] > 0.5 > 0.1 > found[1]["enveloping"]
    assert found[0]["potential"] < -2 < -0.1 < found[1]["potential"]
    assert found[0]["homogeneity"] > found[1]["homogeneity"]


def test_several_targets_have_no_trace_and_equal_labels_one_centre():
    z = RNG.normal(size=(20, 3))
    assert Uniformity().measure(Kept(z, RNG.normal(size=(20, 3)))).keys() == {"potential", "enveloping"}
    assert np.isnan(Uniformity().measure(Kept(z, np.ones((20, 1))))["homogeneity"])
