"""Gains over the baseline, verdicts and the group that shares the lead."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from scipy import stats

from bench.leaderboard.board import Board
from bench.leaderboard.spec import BoardSpec
from bench.site import across, advice
from bench.site.standing import interval, standing
from support.board_records import FACES, record
from support.sites import VALUES


def board(values, **changes):
    records = [record(row, seed, value) for row, own in values.items() for seed, value in enumerate(own)]
    return Board(FACES, records, **changes)


def test_a_gain_is_paired_over_seeds_and_in_shares_of_the_baseline():
    gain = standing(board({"baseline": (10.0, 12.0, 11.0), "oe": (9.0, 10.5, 10.0)})).gains["oe"]
    # differences 1, 1.5, 1: mean 7/6, over 11; standard error 1/6; t(0.975, 2) = 4.302653
    assert gain.mean == pytest.approx(7 / 66)
    assert (gain.low, gain.high) == pytest.approx(((7 / 6 - 4.302653 / 6) / 11, (7 / 6 + 4.302653 / 6) / 11), rel=1e-5)
    assert gain.p == pytest.approx(stats.ttest_rel((10.0, 12.0, 11.0), (9.0, 10.5, 10.0)).pvalue)


def test_verdicts_are_corrected_for_the_number_of_rows():
    own = {"baseline": (10.0, 12.0, 11.0), "oe": (9.0, 10.5, 10.0)}
    assert standing(board(own)).gains["oe"].verdict == "win"
    noise = {f"mt[copies={k}]": (10.0 + k, 12.0 - k, 11.0) for k in range(2, 9)}
    assert standing(board({**own, **noise})).gains["oe"].verdict == "tie"


def test_win_tie_and_loss():
    found = standing(board(VALUES))
    verdicts = {row: gain.verdict for row, gain in found.gains.items()}
    assert verdicts == {"oe": "win", "mt": "tie", "ranksim": "loss", "mt+oe": "win"}
    assert found.winners == ["oe", "mt+oe"]
    assert found.leader == "oe"
    assert found.tied == ("oe", "mt+oe")


def test_of_a_metric_where_higher_is_better_more_is_a_gain():
    spec = BoardSpec("faces", "Faces", "", "", ("pearson",))
    values = {"baseline": (0.5, 0.6, 0.55), "oe": (0.7, 0.81, 0.75)}
    made = Board(spec, [record(row, k, pearson=x) for row, own in values.items() for k, x in enumerate(own)])
    assert standing(made).gains["oe"].mean == pytest.approx((2.26 - 1.65) / 1.65)


def test_a_row_with_failed_seeds_neither_leads_nor_gains():
    made = [record("baseline", seed, 5.0 + seed) for seed in range(3)] + [record("oe", seed, 1.0) for seed in range(3)]
    found = standing(Board(FACES, [*made, record("oe", 3, status="diverged")]))
    assert (found.leader, found.tied, dict(found.gains)) == ("baseline", ("baseline",), {})


def test_without_a_finished_seed_nobody_leads():
    assert standing(Board(FACES, [record("oe", 0, status="oom")])).leader is None


def test_seeds_that_are_all_alike_have_an_interval_without_width():
    assert interval([2.0, 2.0]) == (2.0, 2.0, 2.0)
    gain = standing(board({"baseline": (2.0, 3.0), "oe": (2.0, 3.0)})).gains["oe"]
    assert (gain.mean, gain.p, gain.verdict) == (0.0, 1.0, "tie")


def test_methods_with_the_most_wins_come_first():
    found = across.verdicts({"faces": standing(board(VALUES))})
    assert list(found) == ["mt+oe", "oe", "mt", "ranksim"]
    assert found["ranksim"] == {"faces": "loss"}


def with_references(values):
    spec = replace(FACES, references=("linear", "forest"), one_seed=("linear",))
    return Board(spec, [record(row, k, x) for row, own in values.items() for k, x in enumerate(own)])


def test_where_a_reference_beats_the_best_method_it_is_the_one_to_use():
    made = with_references({**VALUES, "linear": (9.0,), "forest": (5.0, 5.1, 5.2, 5.05)})
    found = standing(made)
    assert (found.leader, found.ahead) == ("oe", "forest")
    assert found.references == {"forest": "loss", "linear": "win"}
    page = SimpleNamespace(board=made, standing=found, ratios={})
    ((kind,), said) = advice.kinds([page], {"faces": "Faces"}), "better than every method here: the best, oe, gains +1"
    assert (kind.ahead, kind.rows[0].use) == ({"forest": 1}, "forest")
    assert kind.rows[0].sure.startswith(said)
    assert list(across.verdicts({"faces": found}))[-2:] == ["forest", "linear"]


def test_references_that_do_not_beat_the_best_method_change_no_advice():
    found = standing(with_references({**VALUES, "linear": (9.0,), "forest": (6.0, 6.15, 6.17, 6.1)}))
    assert (found.ahead, found.references) == (None, {"forest": "tie", "linear": "win"})
