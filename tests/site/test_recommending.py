"""What `bench recommend` says: by boards of like data alone, and nothing where no method is better."""

import pytest

from bench.leaderboard.board import Board
from bench.site import recommending
from bench.site.standing import Gain, Standing


def standing_of(ahead=None, **gains):
    made = {row: Gain(mean, mean, mean, 0.01, 10, verdict) for row, (mean, verdict) in gains.items()}
    return Standing("lds", ("lds",), made, [], {"trees": "loss" if ahead else "win"})


class Spec:
    synthetic = False

    def __init__(self, dataset):
        self.dataset = dataset


class Fake:
    def __init__(self, dataset, found):
        self.spec, self.found = Spec(dataset), found


@pytest.fixture
def boards(monkeypatch) -> list[Board]:
    monkeypatch.setattr(recommending, "standing", lambda board: board.found)
    return [  # type: ignore[return-value]
        Fake("a", standing_of(lds=(0.1, "win"), mt=(0.2, "loss"), trees=(0.9, "win"), oe=(-0.1, "tie"))),
        Fake("b", standing_of(ahead=True, lds=(0.1, "tie"), mt=(0.1, "loss"))),
        Fake("c", standing_of(mt=(0.9, "win"))),
    ]


KINDS = {"a": "Tables of numbers", "b": "Tables of numbers", "c": "Pictures"}


def test_methods_that_win_more_often_are_named_with_their_evidence(boards):
    said = recommending.text(boards, KINDS, "table", "own.toml")
    assert "on 2 boards of data like this: a, b" in said
    assert "beats every method on 1 of 2" in said
    assert "worth trying: lds" in said
    assert said.splitlines()[-1] == "bench run --method baseline,lds,references --dataset own.toml --seeds 5"
    rows = [line.split() for line in said.splitlines()]
    assert ["lds", "1", "1", "0", "+10.0%"] in rows
    assert not any(row[:1] == ["trees"] for row in rows)


def test_nothing_is_recommended_without_a_win(boards):
    said = recommending.text(boards[1:2], KINDS, "table", "own.toml")
    assert "no method beats the baseline" in said
    assert "--method baseline,references" in said


def test_no_board_of_like_data_is_said(boards):
    assert "there is no evidence yet" in recommending.text(boards, KINDS, "texts", "own.toml")
