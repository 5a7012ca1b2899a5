"""What seeds and test rows tell apart: against a computation by hand, a bootstrap, and methods that change nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.leaderboard.inference import difference, judged
from bench.leaderboard.influence import influence, sampling_deviation
from bench.leaderboard.judged import LEVEL, MOST_SEEDS, Asked, Judged, pair

SEEDS, ROWS = 10, 200


def errors(rng, seeds_sd=0.1, rows_sd=1.0, noise=0.5):
    """Absolute errors of one row of a board, (seeds, rows): both move them, and each prediction for itself."""
    moved = seeds_sd * rng.randn(SEEDS, 1) + noise * rng.randn(SEEDS, ROWS)
    return 5 + rows_sd * np.random.RandomState(7).randn(1, ROWS) + moved


def asked(board, leader=None, **more):
    """A column of mean errors, lower is better; all rows against `baseline`."""
    values = {row: dict(enumerate(one.mean(1).tolist())) for row, one in board.items()}
    best = leader or min(values, key=lambda row: np.mean(list(values[row].values())))
    sampling = {
        pair(a, b): float((board[a] - board[b]).mean(0).std(ddof=1) / np.sqrt(ROWS)) for a in board for b in board
    }
    baselines = dict.fromkeys((row for row in board if row != "baseline"), "baseline")
    return Asked(values, baselines, tuple(board), (), best, sampling, ROWS, **more)


def found(one):
    return Judged.of(judged(one))


def test_a_small_board_is_as_computed_by_hand():
    rng = np.random.RandomState(0)
    board = {"baseline": errors(rng), "good": errors(rng) - 0.3, "same": errors(rng), "bad": errors(rng) + 0.5}
    given = found(asked(board))
    raw = {}
    for row in ("good", "same", "bad"):
        each = board[row] - board["baseline"]
        by_seed, by_row = each.mean(1), each.mean(0)
        s, r = by_seed.std(ddof=1) / SEEDS**0.5, by_row.std(ddof=1) / ROWS**0.5
        e, df = np.hypot(s, r), (s**2 + r**2) ** 2 / (s**4 / (SEEDS - 1) + r**4 / (ROWS - 1))
        one = given.from_baseline[row]
        half = stats.t.ppf(0.975, df) * e
        np.testing.assert_allclose(
            [one.mean, one.low, one.high, one.df, one.detectable],
            [each.mean(), each.mean() - half, each.mean() + half, df, half + stats.t.ppf(0.8, df) * e],
        )
        raw[row] = 2 * stats.t.sf(abs(each.mean()) / e, df)
    order, adjusted, worst = sorted(raw, key=raw.__getitem__), {}, 0.0
    for i, row in enumerate(order):
        worst = max(worst, min(1.0, (3 - i) * raw[row]))
        adjusted[row] = worst
    for row, p in adjusted.items():
        assert given.from_baseline[row].p == pytest.approx(p)
    assert given.tied == ("good",)
    assert {row: one.p < LEVEL for row, one in given.from_baseline.items()} == {
        "good": True,
        "same": False,
        "bad": True,
    }


def test_the_interval_is_that_of_a_two_way_bootstrap():
    rng = np.random.RandomState(1)
    each = errors(rng) - errors(rng) + rng.randn(1, ROWS)
    drawn = [each[np.ix_(rng.randint(0, SEEDS, SEEDS), rng.randint(0, ROWS, ROWS))].mean() for _ in range(2000)]
    one = difference(
        dict(enumerate(each.mean(1))), dict.fromkeys(range(SEEDS), 0.0), each.mean(0).std(ddof=1) / ROWS**0.5, ROWS
    )
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert (one.low, one.high) == pytest.approx((low, high), abs=0.15 * (high - low))


@pytest.mark.parametrize(("seeds_sd", "rows_sd", "noise"), [(0.1, 0.0, 0.0), (0.0, 1.0, 0.0), (0.05, 1.0, 1.0)])
def test_of_methods_that_change_nothing_one_in_twenty_is_told_from_the_baseline(seeds_sd, rows_sd, noise):
    rng, told = np.random.RandomState(2), 0
    for _ in range(400):
        each = seeds_sd * rng.randn(SEEDS, 1) + rows_sd * rng.randn(1, ROWS) + noise * rng.randn(SEEDS, ROWS)
        rows_se = each.mean(0).std(ddof=1) / ROWS**0.5
        told += difference(dict(enumerate(each.mean(1))), dict.fromkeys(range(SEEDS), 0.0), rows_se, ROWS).p < LEVEL
    assert told <= 33  # 20 expected; three deviations of a binomial above


def test_intervals_hold_the_true_difference_in_nineteen_of_twenty_cases():
    rng, held = np.random.RandomState(3), 0
    for _ in range(300):
        each = 0.4 + 0.1 * rng.randn(SEEDS, 1) + 1.5 * rng.randn(1, ROWS)
        one = difference(
            dict(enumerate(each.mean(1))), dict.fromkeys(range(SEEDS), 0.0), each.mean(0).std(ddof=1) / ROWS**0.5, ROWS
        )
        held += one.low <= 0.4 <= one.high
    assert held / 300 >= 0.95 - 0.038


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "pearson"])
def test_the_baseline_with_noise_on_its_predictions_is_a_tie(metric):
    from bench.metrics import METRICS

    rng = np.random.RandomState(4)
    y = rng.gamma(2.0, 2.0, (ROWS, 1))
    base = y + rng.randn(SEEDS, ROWS, 1) * 0.3 + rng.randn(ROWS, 1)
    planted = base + 0.05 * rng.randn(SEEDS, ROWS, 1)
    values = [[METRICS[metric].function(one, y) for one in row] for row in (base, planted)]
    moved = [np.mean([influence(metric, one, y) for one in row], 0) for row in (base, planted)]
    r = sampling_deviation(moved[1] - moved[0], np.arange(ROWS))
    names = ("baseline", "planted")
    values = {row: dict(enumerate(own)) for row, own in zip(names, values, strict=True)}
    one = Asked(values, {"planted": "baseline"}, names, (), "baseline", {pair(*names): r}, ROWS)
    assert set(found(one).tied) == set(names)
    assert found(one).from_baseline["planted"].p >= LEVEL


def test_without_predictions_the_seeds_stand_alone():
    rng = np.random.RandomState(5)
    a, b = rng.randn(SEEDS), rng.randn(SEEDS) + 1
    one = difference(dict(enumerate(a)), dict(enumerate(b)))
    paired = stats.ttest_rel(a, b)
    assert (one.p, one.df, one.rows_se) == (pytest.approx(paired.pvalue), SEEDS - 1, None)
    assert (one.low, one.high) == pytest.approx(tuple(paired.confidence_interval()))


def test_a_row_of_one_seed_is_compared_with_every_seed():
    one = difference({k: float(k) for k in range(5)}, {0: 1.0})
    assert (one.n, one.mean) == (5, 1.0)
    assert difference({0: 1.0}, {0: 2.0}) is None
    assert difference({0: 1.0}, {0: 2.0}, 0.1, 50).df == pytest.approx(49)
    assert difference({0: 1.0}, {1: 2.0}, 0.1, 50) is None
    assert difference({0: 1.0, 1: 2.0}, {2: 2.0, 3: 1.0}) is None


def test_rows_alike_to_the_bit_are_a_tie_and_rows_apart_by_a_constant_are_not():
    values = {k: 0.1 * k for k in range(5)}
    assert difference(values, dict(values)).p == 1.0
    assert difference(values, {k: 0.5 + v for k, v in values.items()}).p < 1e-6


def test_what_loses_to_the_baseline_is_not_bold_and_the_baseline_is_where_nothing_beats_it():
    rng = np.random.RandomState(6)
    base = errors(rng)
    worse = base + 0.02 + 0.005 * rng.randn(SEEDS, 1)  # by little and for sure; the best row is alike by chance
    board = {"baseline": base, "best": errors(rng) - 0.01, "worse": worse}
    given = found(asked(board, leader="best"))
    assert given.from_baseline["worse"].p < LEVEL
    assert given.from_leader["worse"].p >= LEVEL
    assert given.tied == ("best", "baseline")
    higher = found(replace(asked(board, leader="best"), higher_is_better=True))
    assert "worse" in higher.tied


def test_references_are_a_family_of_their_own():
    rng = np.random.RandomState(8)
    board = {"baseline": errors(rng), "a": errors(rng), "linear": errors(rng) - 1}
    alone = found(asked({row: board[row] for row in ("baseline", "a")}, leader="a"))
    one = replace(asked(board, leader="a"), whole=("baseline", "a"), references=("linear",))
    given = found(one)
    assert given.from_baseline["a"] == alone.from_baseline["a"]
    assert given.tied == alone.tied
    assert given.from_references["linear"].mean == pytest.approx(1, abs=0.3)
    assert given.from_references["linear"].p < LEVEL


def test_the_tuned_baseline_is_held_against_all_methods_as_a_family_of_its_own():
    rng = np.random.RandomState(8)
    names = ("baseline", "a", "b", "tuned_baseline", "linear")
    board = {row: errors(rng) - shift for row, shift in zip(names, (0, 0.5, 0.2, 0.3, 1), strict=True)}
    whole = {"whole": names[:4], "references": ("linear",)}
    given = found(replace(asked(board, leader="a"), **whole, tuned="tuned_baseline"))
    assert set(given.from_tuned) == {"a", "b"}
    raw = {}
    for row in ("a", "b"):
        one = difference(
            dict(enumerate(board[row].mean(1))),
            dict(enumerate(board["tuned_baseline"].mean(1))),
            float((board[row] - board["tuned_baseline"]).mean(0).std(ddof=1) / np.sqrt(ROWS)),
            ROWS,
        )
        assert given.from_tuned[row].mean == pytest.approx(one.mean)
        raw[row] = one.p
    low, high = sorted(raw, key=raw.__getitem__)
    assert given.from_tuned[low].p == pytest.approx(min(1, 2 * raw[low]))
    assert given.from_tuned[high].p == pytest.approx(max(min(1, 2 * raw[low]), raw[high]))
    assert found(replace(asked(board, leader="a"), **whole)).from_tuned == {}


def test_seeds_that_separate_two_rows_do_and_one_less_does_not():
    rng = np.random.RandomState(9)
    board = {"baseline": errors(rng, rows_sd=0.0, noise=0.0), "a": errors(rng, rows_sd=0.0, noise=0.0) - 0.05}
    given = found(asked(board))
    (one,), n = given.from_leader.values(), given.separating

    def reach(seeds):
        return stats.t.ppf([0.975, 0.8], seeds - 1).sum() * one.seeds_se * (SEEDS / seeds) ** 0.5

    assert reach(n) <= abs(one.mean) < reach(n - 1)
    hidden = dict.fromkeys(asked(board).sampling, 1.0)
    assert found(replace(asked(board), sampling=hidden)).separating == 0
    close = {row: {k: v * 1e-3 for k, v in own.items()} for row, own in asked(board).values.items()}
    far = {**close, "a": {k: v + 1e-9 + (k % 2) for k, v in close["baseline"].items()}}
    assert found(replace(asked(board), values=far, sampling={}, groups=0)).separating in range(2, MOST_SEEDS + 2)
