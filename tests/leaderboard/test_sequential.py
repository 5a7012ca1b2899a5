"""The anytime-valid paired test: its error under equal means by simulation, and that it finds what is clearly worse."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, ttest_1samp

from bench.leaderboard.sequential import ERROR, MIXTURE, beaten, p_value

RACES, ROWS, SEEDS = 200, 8, 10


def races(seed, worse=0.0, draw=None):
    """Values of rows that share what a seed does to all; the last row is worse by so many deviations."""
    rng = np.random.default_rng(seed)
    for _ in range(RACES):
        noise = draw(rng) if draw else rng.standard_normal((ROWS, SEEDS))
        values = 10 + rng.standard_normal(SEEDS) + noise
        values[-1] += worse
        yield {f"row{i}": dict(enumerate(own)) for i, own in enumerate(values)}


def looked_at_after_each_seed(values):
    """Whether any row was ever taken for beaten, and after how many seeds the last one was."""
    for n in range(1, SEEDS + 1):
        found = beaten({row: {seed: own[seed] for seed in range(n)} for row, own in values.items()})
        if found:
            return set(found), n
    return set(), None


@pytest.mark.parametrize(
    "draw",
    [
        None,
        lambda rng: rng.standard_t(3, (ROWS, SEEDS)),
        lambda rng: rng.exponential(size=(ROWS, SEEDS)),
    ],
    ids=["normal", "heavy tails", "skewed"],
)
def test_equal_rows_are_taken_for_beaten_in_fewer_races_than_its_error(draw):
    wrong = sum(bool(looked_at_after_each_seed(values)[0]) for values in races(0, draw=draw))
    assert wrong / RACES <= ERROR


def test_a_single_pair_keeps_its_level_under_looks_after_every_seed():
    rng = np.random.default_rng(1)
    wrong = sum(p_value(rng.standard_normal(50)) <= 0.05 for _ in range(300))
    assert wrong / 300 <= 0.05
    # and a fixed-sample test would not: what the sequential one is for

    rng = np.random.default_rng(1)
    naive = sum(min(ttest_1samp(x[:n], 0).pvalue for n in range(3, 51)) <= 0.05 for x in rng.standard_normal((100, 50)))
    assert naive / 100 > 0.15


def test_a_row_that_is_worse_by_many_deviations_is_out_before_the_last_seed():
    found = [looked_at_after_each_seed(values) for values in races(2, worse=12.0)]
    assert np.mean([rows == {"row7"} for rows, _ in found]) > 0.95
    assert np.median([n for _, n in found if n]) < SEEDS


def test_p_is_that_of_the_martingale_worked_out_by_integration():
    x = np.array([0.4, 1.3, 0.2, 0.9])

    def likelihood(effect):
        # of scale-invariant x under N(effect s, s²), s integrated against 1/s
        def density(s):
            return math.exp(-((x / s - effect) ** 2).sum() / 2) / (s * math.sqrt(2 * math.pi)) ** len(x) / s

        return quad(density, 1e-3, 60, limit=400)[0]

    mixed = quad(lambda effect: norm.pdf(effect, 0, MIXTURE**-0.5) * likelihood(effect), -20, 20, limit=400)[0]
    expected = [mixed / likelihood(0.0)]
    for n in (1, 2, 3):
        expected.append(1 / p_value(x[:n]))  # the highest so far counts
    assert 1 / p_value(x) == pytest.approx(max(expected), rel=1e-3)


def test_only_seeds_of_both_are_compared_and_the_lower_value_wins():
    values = {
        "a": {seed: 1.0 + 0.01 * seed for seed in range(9)},
        "b": {seed: 2.0 + 0.011 * seed for seed in range(1, 9)},
    }
    (row,) = beaten(values)
    assert (row, beaten(values)[row].by, beaten(values)[row].seeds) == ("b", "a", 8)
    assert beaten({"a": values["a"], "b": dict(list(values["b"].items())[:2])}) == {}


def test_equal_and_infinite_values_decide_nothing():
    assert p_value([0.0] * 10) == 1.0
    assert p_value([float("inf")] * 3) == 1.0
    assert beaten({"a": {0: 1.0}, "b": {1: 2.0}}) == {}
