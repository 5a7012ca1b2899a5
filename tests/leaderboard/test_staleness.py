"""Which records count in no mean."""

import pytest

from bench.leaderboard.board import Board
from bench.leaderboard.staleness import stale_cells
from bench.results.equivalence import Equivalence, Equivalences
from bench.results.key import key_of
from support.board_records import FACES, record

NONE = Equivalences()


def config(digest="d1", epochs=90, losses=1):
    return {
        "dataset": {"name": "faces", "params": {}, "digest": "f1"},
        "method": [{"name": "oe", "params": {"weight": 1.0}, "digest": digest}],
        "protocol": {"epochs": epochs},
        "overrides": {},
        "numerics": {"losses": losses},
    }


def made(seed=0, data="0123", **changed):
    settings = config(**changed)
    plain = record("oe", seed, 1.0, config=settings)
    return plain.model_copy(update={"data_fingerprint": data, "key": key_of(settings, seed, data)})


def stale(records, known=NONE, today=None):
    return stale_cells(records, known, lambda *_: config() if today is None else today)


def test_a_record_that_todays_code_would_give_is_not_stale():
    assert stale([made(0), made(1)]) == frozenset()


@pytest.mark.parametrize("changed", [{"digest": "d0"}, {"epochs": 91}, {"losses": 2}])
def test_other_code_or_settings_make_a_record_stale(changed):
    found = [made(0, **changed), made(1)]
    assert stale(found) == {"faces/oe/0"}
    assert len(Board(FACES, found, stale(found)).finished["oe"]) == 1


def test_code_that_was_proved_to_be_equal_is_not_stale_but_other_settings_are():
    known = Equivalences((Equivalence("d0", "d1", "method oe", (), None, "bit for bit"),))
    assert stale([made(0, digest="d0"), made(1, digest="d0", epochs=91)], known) == {"faces/oe/1"}


def test_a_row_that_no_longer_exists_is_stale():
    assert stale_cells([made(0)], NONE, lambda *_: None) == {"faces/oe/0"}


def test_a_record_whose_key_is_not_that_of_its_own_configuration_is_stale():
    assert stale([made(0).model_copy(update={"key": made(1).key})]) == {"faces/oe/0"}


def test_a_record_on_other_data_than_most_of_its_board_is_stale():
    assert stale([made(0), made(1, data="4567"), made(2)]) == {"faces/oe/1"}


def test_each_row_is_asked_for_once():
    asked = []
    stale_cells([made(seed) for seed in range(5)], NONE, lambda *row: asked.append(row) or config())
    assert asked == [("faces", "oe", {})]
